"""`python -m practice prepare`: compile the sandbox before the first learner needs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from practice.sandbox.runtime import CACHE_SETTING, Unavailable, find


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 where programs cannot be run, 2 for usage."""
    parser = argparse.ArgumentParser(prog="python -m practice", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    about = f"compile the sandbox into {CACHE_SETTING}, or into the user's cache folder"
    commands.add_parser("prepare", help=about)
    parser.parse_args(arguments)
    try:
        runtime = find()
        runtime.prepare()
    except Unavailable as error:
        print(f"Programs cannot be run here: {error}", file=sys.stderr)
        return 1
    print(f"The sandbox is ready: {runtime.compiled}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
