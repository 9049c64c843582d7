"""The service that `seedbed run` and `seedbed serve` start, as a client in Python sees it.

Its answers are what the command line prints with `--format json`, and its errors are the exceptions
that the functions of `seedbed` raise.
"""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from seedbed.errors import BY_EXIT_CODE, CouldNotRunError, SeedbedError

WRITING = {"seed", "reset", "cleanup", "token"}
"""The verbs that are asked with a body."""

# The service is on this machine, whatever stands between it and the world.
OPENER = build_opener(ProxyHandler({}))


class Service:
    """A running service, and the token it asks for."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._token = token

    def ask(self, verb: str, **values: Any) -> dict[str, Any]:
        """Asks a verb; returns its answer, or raises the error that it is."""
        said = {name: value for name, value in values.items() if value is not None}
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        if verb in WRITING:
            request = Request(f"{self.url}/v1/{verb}", json.dumps(said).encode(), headers)
        else:
            request = Request(f"{self.url}/v1/{verb}?{urlencode(said)}", headers=headers)
        try:
            with OPENER.open(request) as response:
                answer: dict[str, Any] = json.load(response)
        except HTTPError as error:
            raise refused(error) from None
        return answer


def refused(response: HTTPError) -> SeedbedError:
    """Returns the exception for a refusal: the verb's own, or the service's (`no token`)."""
    with response:
        answer = json.load(response)
    error = answer["error"]
    lines = [f"error[{error['rule']}]: {error['message']}"]
    lines += [f"  {detail}" for detail in error["details"]]
    lines += ["nothing was written"] * error["nothing_written"]
    lines += [f"help: {help}" for help in error["help"]]
    kind = BY_EXIT_CODE.get(answer.get("exit_code"), CouldNotRunError)
    return kind("\n".join(lines), error)
