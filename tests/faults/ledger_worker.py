"""Workers that drain into a ledger over HTTP, each a process of its own: this program forks them, with everything
imported already, and tells how each ended.

It reads orders, one JSON object a line: {"born": {...}} forks a worker and answers {"pid": n}; {"ended": n} waits and
answers {"killed": signal}, {"stopped": signal} or {"exit": code}. A worker writes each event of its run into a history:
each transaction (before it begins, before and after its commit) and each HTTP call (before the bytes, half of them
sent, all sent, answered), whatever the code makes of them; at the one that the order names it kills or stops itself.
"""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import sys
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "faults")]

import httpcore  # noqa: E402, F401 - which httpx imports when it first connects
import httpx  # noqa: E402
from ledger_outbox import deals_of, fill  # noqa: E402
from shared_clock import share  # noqa: E402
from sim_worlds import ALL, BOOK, World  # noqa: E402

from dealbooks.errors import LeaseLost, Overtaken, StopConnection  # noqa: E402
from dealbooks.oauth import DeadGrant  # noqa: E402
from dealbooks.outbox import Drain  # noqa: E402
from dealbooks.store import Store, Tx  # noqa: E402
from dealbooks.store.schema import ensure  # noqa: E402
from sandbox.kit import SandboxTransport  # noqa: E402

LEASE = 60.0
DONE, FAILED, OVERTAKEN, STOPPED, DEAD_GRANT = 0, 1, 4, 5, 6
# The moments of a call, as the HTTP library tells them.
_MOMENTS = {
    "http11.send_request_headers.started": "before the bytes",
    "http11.send_request_headers.complete": "half sent",
    "http11.send_request_body.complete": "sent",
    "http11.receive_response_body.complete": "answered",
}
_DIGIT = re.compile(r"\d")
_STATEMENTS: dict[Any, Any] = {}  # SQL that was written out before the first fork


class Trace:
    """Writes down events, and kills or stops the process at the one that was asked for: its name, and which of them."""

    def __init__(self, history: Path, at: tuple[str, int] | None, how: str) -> None:
        self._file = os.open(history, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._at = at
        self._signal = signal.Signals[how]
        self._seen: Counter[str] = Counter()
        self._alone = threading.Lock()
        self._within = "start"

    def begins(self, action: str) -> None:
        """A transaction begins: what follows is named after it."""
        self.event(f"{action}: before it begins")
        self._within = action

    def said(self, request: httpx.Request, told: str) -> None:
        """A moment of a call."""
        moment = _MOMENTS.get(told)
        if moment is None or (moment == "half sent" and not int(request.headers.get("content-length", 0))):
            return
        route = "/".join(part for part in request.url.path.split("/") if part and not _DIGIT.search(part))
        self.event(f"{self._within} > {request.method} {route}: {moment}")

    def event(self, name: str) -> None:
        """Something happens."""
        with self._alone:
            self._seen[name] += 1
            os.write(self._file, f"{name}\n".encode())
            if self._at == (name, self._seen[name]):
                os.kill(os.getpid(), self._signal)


class _TracedStore(Store):
    """The store of a worker."""

    def __init__(self, url: str, world: World, trace: Trace) -> None:
        super().__init__(url, clock=world.clock)
        self.engine = self.engine.execution_options(compiled_cache=_STATEMENTS)
        self._trace = trace

    @contextmanager
    def transaction(self, actor: str, action: str) -> Iterator[Tx]:
        """A transaction, its beginning and both sides of its commit told."""
        self._trace.begins(action)
        with super().transaction(actor, action) as tx:
            yield tx
            self._trace.event(f"{action}: before its commit")
        self._trace.event(f"{action}: after its commit")


class _TracedTransport(httpx.HTTPTransport):
    """Real connections to the sandbox's port, whatever host is asked for, every moment of a call told."""

    def __init__(self, port: int, trace: Trace) -> None:
        super().__init__(verify=False)  # no certificates are read: it is plain HTTP
        self._port = port
        self._trace = trace

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""

        def told(name: str, _info: Mapping[str, Any]) -> None:
            self._trace.said(request, name)

        there = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        sent = httpx.Request(
            request.method, there, headers=request.headers, stream=request.stream,
            extensions={**request.extensions, "trace": told},
        )  # fmt: skip
        return super().handle_request(sent)


@lru_cache
def _world(name: str) -> World:
    """Made before the first fork, since every worker needs one, and used once, so that no worker begins cold."""
    with tempfile.TemporaryDirectory() as folder:
        world = ALL[name]()
        store = Store(f"sqlite:///{folder}/store.db", clock=world.clock)
        ensure(store)
        store.engine = store.engine.execution_options(compiled_cache=_STATEMENTS)
        fill(store, Path(folder), world, deals_of(2))
        Drain(store, BOOK, world.connect(store, Path(folder), SandboxTransport(world.platform))).run()
        store.close()
    gc.freeze()
    return world


def drain(order: Mapping[str, Any]) -> int:
    """The life of a worker: one drain. Its exit code."""
    folder = Path(order["folder"])
    world = _world(order["ledger"])
    share(world.clock, folder / "clock")
    at = order.get("at")
    trace = Trace(folder / "history", (at[0], at[1]) if at else None, order.get("how", "SIGKILL"))
    store = _TracedStore(f"sqlite:///{folder / 'store.db'}", world, trace)
    ledger = world.connect(store, folder, _TracedTransport(order["port"], trace))
    try:
        Drain(store, BOOK, ledger, lease_seconds=LEASE).run()
    except (LeaseLost, Overtaken):
        return OVERTAKEN
    except DeadGrant:
        return DEAD_GRANT
    except StopConnection as error:
        (folder / "stopped").write_text(str(error))
        return STOPPED
    return DONE


def _child(order: Mapping[str, Any]) -> int:
    try:
        return drain(order)
    except BaseException:  # noqa: BLE001 - told to the test, which raises it
        Path(order["folder"], "error").write_text(traceback.format_exc())
        return FAILED


def _born(order: Mapping[str, Any]) -> dict[str, int]:
    _world(order["ledger"])
    pid = os.fork()
    if pid == 0:
        os._exit(_child(order))
    return {"pid": pid}


def _ended(pid: int) -> dict[str, int]:
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"stopped": os.WSTOPSIG(status)}
    return {"killed": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {"exit": os.WEXITSTATUS(status)}


def main() -> None:
    """Serve orders until there are no more."""
    deeds: dict[str, Callable[[Any], dict[str, int]]] = {"born": _born, "ended": _ended}
    for line in sys.stdin:
        ((deed, order),) = json.loads(line).items()
        sys.stdout.write(json.dumps(deeds[deed](order)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
