"""The command line: `seedbed`, or `python -m seedbed`."""

import signal
import sys

from seedbed import _engine


def main() -> int:
    # Python hears Ctrl-C only between two of its own steps, and the engine is one long step.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _engine.main(["seedbed", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
