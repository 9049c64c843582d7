"""Errors: why a verb could not do its work.

The text is the command line's, and so is the exit code. Nothing was written unless
`nothing_written` says otherwise.
"""

from typing import Any, ClassVar


class SeedbedError(Exception):
    """Why a verb could not do its work. Its text says what, where, and what to type next."""

    exit_code: ClassVar[int] = 6

    def __init__(self, text: str, data: dict[str, Any]) -> None:
        super().__init__(text)
        self.data = data
        """The error as `--format json` prints it."""
        self.rule: str = data["rule"]
        """The rule that was violated: `not-for-tests`."""
        self.details: list[str] = data["details"]
        """What it is about: a line per row, table or file."""
        self.help: list[str] = data["help"]
        """Next steps."""
        self.nothing_written: bool = data["nothing_written"]
        """Whether the database is as it was."""

    def __reduce__(self) -> tuple[type["SeedbedError"], tuple[str, dict[str, Any]]]:
        return type(self), (str(self), self.data)

    @classmethod
    def new(cls, rule: str, message: str, help: str) -> "SeedbedError":
        """Returns an error that says that nothing was written."""
        data = {
            "rule": rule,
            "message": message,
            "details": [],
            "help": [help],
            "nothing_written": True,
        }
        text = f"error[{rule}]: {message}\nnothing was written\nhelp: {help}"
        return cls(text, data)


class UsageError(SeedbedError):
    """The call or the scenario is wrong."""

    exit_code = 2


class NotForTestsError(SeedbedError):
    """The database is not marked for tests."""

    exit_code = 3


class RowsNotOursError(SeedbedError):
    """Rows of other people are in the way."""

    exit_code = 4


class BusyError(SeedbedError):
    """Somebody else is writing."""

    exit_code = 5


class CouldNotRunError(SeedbedError):
    """Connection, disk, or a schema that does not fit."""

    exit_code = 6


class UnclearError(SeedbedError):
    """The connection was lost in the commit: either all was written, or nothing."""

    exit_code = 7


class UnfinishedError(SeedbedError):
    """The rows were written, and what comes after them was not done."""

    exit_code = 8


BY_EXIT_CODE = {kind.exit_code: kind for kind in SeedbedError.__subclasses__()}
