"""How an error is told: one block that a person can act on, or one JSON object, always on stderr; and the exit code.

0    done: every deal that was seen is posted, or already was
1    a fault of Dealbooks, or one of its promises does not hold
2    the command or the configuration is wrong
3    some deals are not posted, or a ledger, a source or the store cannot be used now
130  stopped with Ctrl-C
"""

from __future__ import annotations

import json
import sys
import traceback
from types import TracebackType
from typing import Any

from dealbooks.errors import DealbooksError

FAULT, USAGE, NOT_ALL, STOPPED = 1, 2, 3, 130


def show(kind: str, message: str, fix: str, code: int, *, as_json: bool) -> int:
    """Tell an error on stderr; gives the exit code back."""
    if as_json:
        data: dict[str, Any] = {"kind": kind, "message": message, "fix": fix, "exit_code": code}
        sys.stderr.write(json.dumps({"error": data}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"Problem: {message}\n" + (f"What to do: {fix}\n" if fix else ""))
    return code


def show_error(error: DealbooksError, *, as_json: bool, debug: bool) -> int:
    """Tell an error of ours; with `debug` its traceback too."""
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    return show(type(error).__name__, error.message, error.fix, error.exit_code, as_json=as_json)


def show_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What Python calls for an error that nobody foresaw (`sys.excepthook`): told in words, traceback with --debug."""
    if "--debug" in sys.argv:
        traceback.print_exception(kind, error, trace)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        message, fix = f"{where}{error.strerror}.", "Check the path, the disk and the permissions, then run again."
    else:
        first = str(error).splitlines()[0] if str(error) else "no more is known"
        message = f"This is a fault of Dealbooks ({kind.__name__}: {first})."
        fix = "Nothing half-done remains. Run the command again with --debug, and report what it prints."
    show(kind.__name__, message, fix, FAULT, as_json="--json" in sys.argv)
