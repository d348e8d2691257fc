"""A drain in a process of its own, that kills itself with SIGKILL where the test says.

    python drain_worker.py STORE_URL LEDGER_FOLDER

Every commit, send, read-back, link, rename and unlink of the run is an event, found by tracing, not by a list of ours.
KILL_AT=n kills before event n, KILL_AT=n+ after it; KILL_AFTER=seconds kills at a moment; EVENTS and SECONDS name
files for what happened and how long the drain took.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import event

from blocks.ledgers.beancount import BeancountLedger
from blocks.ledgers.beancount import ledger as beancount_ledger
from dealbooks.charts import load_chart
from dealbooks.outbox import Drain
from dealbooks.store import Store

BATCH = 25


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Trace:
    """Counts events and kills at the one that was asked for."""

    def __init__(self) -> None:
        at = os.environ.get("KILL_AT", "")
        self._before = int(at) if at and not at.endswith("+") else 0
        self._after = int(at[:-1]) if at.endswith("+") else 0
        self.names: list[str] = []
        self._file = os.environ.get("EVENTS")

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def traced(*args: Any, **kwargs: Any) -> Any:
            number = self.begin(name)
            try:
                return call(*args, **kwargs)
            finally:
                self.end(number)

        return traced

    def begin(self, name: str) -> int:
        self.names.append(name)
        if len(self.names) == self._before:
            die()
        return len(self.names)

    def end(self, number: int) -> None:
        if number == self._after:
            die()

    def write(self) -> None:
        if self._file:
            Path(self._file).write_text("\n".join(self.names))


def main() -> None:
    url, folder = sys.argv[1:3]
    trace = Trace()
    for name in ("link", "rename", "replace", "unlink", "fsync"):
        setattr(os, name, trace.around(name, getattr(os, name)))
    store = Store(url)
    commits: list[int] = []
    do_commit = store.engine.dialect.do_commit
    store.engine.dialect.do_commit = trace.around("commit", do_commit)  # type: ignore[method-assign]
    event.listen(store.engine, "rollback", lambda _conn: commits.append(0))
    beancount_ledger._CAPABILITIES = replace(beancount_ledger._CAPABILITIES, batch_size=BATCH)
    ledger = BeancountLedger(folder, "Northgate Motors", "GBP", load_chart("uk"))
    ledger.send = trace.around("send", ledger.send)  # type: ignore[method-assign]
    ledger.read = trace.around("read", ledger.read)  # type: ignore[method-assign]
    ledger.find = trace.around("find", ledger.find)  # type: ignore[method-assign]
    delay = os.environ.get("KILL_AFTER")
    if delay:
        timer = threading.Timer(float(delay), die)
        timer.daemon = True
        timer.start()
    began = time.perf_counter()
    result = Drain(store, "northgate", ledger, lease_seconds=3600).run()
    seconds = time.perf_counter() - began
    trace.write()
    if os.environ.get("SECONDS"):
        Path(os.environ["SECONDS"]).write_text(f"{seconds:.4f}")
    sys.exit(0 if result.clean else 3)


main()
