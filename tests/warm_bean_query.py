"""bean-query without its start: a process that has imported it once, and forks itself for each listing.

The real program needs half a second for a ledger of three entries: for imports, and to read the query. The tests list
hundreds of small ledgers with few queries, so that both are done once, before the fork. What runs in the fork is
bean-query's own `main`, with its own output, in a process that sees no memory of ours.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

_LONGEST = 1 << 16


class Listing:
    """One run of it, with as much of `subprocess.Popen` as `programs.query` uses."""

    def __init__(self, server: socket.socket, command: Sequence[str], complaints: IO[bytes]) -> None:
        reading, writing = os.pipe()
        self._told, telling = socket.socketpair()
        asked = json.dumps({"arguments": list(command[1:]), "folder": str(Path.cwd())}).encode()
        socket.send_fds(server, [asked], [writing, complaints.fileno(), telling.fileno()])
        os.close(writing)
        telling.close()
        self._pid = int.from_bytes(self._told.recv(4), "big")
        self._code: int | None = None
        self.stdout = os.fdopen(reading, "rb")

    def wait(self) -> int:
        """Its exit code; that of a killed process when it ended without one."""
        if self._code is None:
            said = self._told.recv(1)
            self._code = said[0] if said else -signal.SIGKILL
            self._told.close()
        return self._code

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        if self._code is None:
            self._told.setblocking(False)
            try:
                return self.wait()
            except BlockingIOError:
                return None
            finally:
                if self._code is None:
                    self._told.setblocking(True)
        return self._code

    def kill(self) -> None:
        """End it at once."""
        os.kill(self._pid, signal.SIGKILL)


def server(environment: dict[str, str]) -> tuple[Callable[[Sequence[str], IO[bytes]], Listing], Callable[[], None]]:
    """Start one: what starts a listing, and what ends the server."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, str(Path(__file__)), str(its.fileno())]
    process = subprocess.Popen(command, pass_fds=[its.fileno()], env=environment)
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    return lambda asked, complaints: Listing(ours, asked, complaints), end


def _serve(number: int) -> None:
    from beanquery import parser
    from beanquery.errors import ProgrammingError
    from beanquery.shell import main

    parser.parse = functools.cache(parser.parse)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=number) as asked:
        while True:
            message, fds, _, _ = socket.recv_fds(asked, _LONGEST, 3)
            if not message:
                return
            given = json.loads(message)
            with contextlib.suppress(ProgrammingError):  # the fork says so
                parser.parse(given["arguments"][-1])
            if os.fork() == 0:
                asked.close()
                _list(main, given, *fds)
            for one in fds:
                os.close(one)


def _list(main: Callable[[], None], given: dict[str, object], output: int, complaints: int, telling: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(output, 1)
    os.dup2(complaints, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", encoding="utf-8"), os.fdopen(2, "w", encoding="utf-8")
    code = 1
    try:
        os.write(telling, os.getpid().to_bytes(4, "big"))
        os.chdir(str(given["folder"]))
        sys.argv = ["bean-query", *given["arguments"]]  # type: ignore[misc]
        main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(bool(error.code))
    except Exception:  # noqa: BLE001 - told as the program tells it
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os.write(telling, bytes([code & 255]))
            os._exit(code & 255)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
