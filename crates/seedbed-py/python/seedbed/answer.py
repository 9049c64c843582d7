"""What a verb answers."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What a verb answers: `print` shows it to a person, `data` is for a program."""

    text: str
    """For a person; lines end with a line feed."""

    data: dict[str, Any] = field(repr=False)
    """One object with stable names, as `seedbed --format json` prints it."""

    exit_code: int
    """0 for done or in sync; 1 where the answer is no (`verify`, `plan(check=True)`)."""

    def __str__(self) -> str:
        return self.text.removesuffix("\n")
