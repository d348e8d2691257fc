"""Leases with fencing tokens: one worker at a time per name, and a stale one is found out at its next write.

The lease alone is never the proof that something was posted once (a paused holder may still send); the outbox treats
whatever an older token left in `sending` as unknown.
"""

from __future__ import annotations

import os
import socket
import threading
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

from sqlalchemy import select

from dealbooks.errors import LeaseLost, StopConnection
from dealbooks.store.db import Store, Tx, stamp
from dealbooks.store.tables import leases


class Lease:
    """A held lease. Use as a context manager: it is renewed in the background and given back at the end."""

    def __init__(self, store: Store, name: str, *, seconds: float = 30.0) -> None:
        self.name = name
        self.token = 0
        self._store = store
        self._seconds = seconds
        self._holder = _holder()
        self._until = store.clock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self) -> bool:
        """Take the lease if it is free, expired, or its holder is a process of this machine that is gone."""
        until = self._end()
        with self._store.transaction("lease", self.name) as tx:
            row = tx.conn.execute(select(leases).where(leases.c.name == self.name).with_for_update()).first()
            if row is not None and row.expires_at > tx.at and not _is_gone(row.holder):
                return False
            self.token = (row.token if row is not None else 0) + 1
            values = {"holder": self._holder, "token": self.token, "expires_at": stamp(until)}
            if row is None and not tx.claim(leases, {"name": self.name} | values):
                return False
            if row is not None:
                tx.conn.execute(leases.update().where(leases.c.name == self.name).values(**values))
        self._until = until
        return True

    def held(self) -> bool:
        """Whether it is still ours, just before something is sent: by the clock until it runs out, then by asking. A
        holder that was stopped for longer than that does not go on where it was."""
        if self._store.clock() < self._until:
            return True
        try:
            self.renew()
        except StopConnection:
            return False
        return True

    def check(self, tx: Tx) -> None:
        """Raise LeaseLost unless the lease is still ours, inside the transaction that is about to write."""
        row = tx.conn.execute(select(leases.c.token).where(leases.c.name == self.name).with_for_update()).first()
        if row is None or row.token != self.token:
            raise LeaseLost(
                f"Another process has taken over {self.name}; this one stops without writing.",
                fix="Nothing is lost: the other process carries on. Run 'dealbooks status' to watch it.",
            )

    def renew(self) -> None:
        """Move the expiry on, if the lease is still ours."""
        until = self._end()
        with self._store.transaction("lease", self.name) as tx:
            self.check(tx)
            tx.conn.execute(leases.update().where(leases.c.name == self.name).values(expires_at=stamp(until)))
        self._until = until

    def release(self) -> None:
        """Give the lease back; the token stays, so that it never goes down."""
        with self._store.transaction("lease", self.name) as tx:
            self.release_in(tx)

    def release_in(self, tx: Tx) -> None:
        """Give it back in a transaction that writes something else too."""
        mine = (leases.c.name == self.name) & (leases.c.token == self.token)
        tx.conn.execute(leases.update().where(mine).values(expires_at=""))

    def _end(self) -> datetime:
        return self._store.clock() + timedelta(seconds=self._seconds)

    def _keep(self) -> None:
        while not self._stop.wait(self._seconds / 3):
            try:
                self.renew()
            except StopConnection:
                return  # the next write finds out through `check`

    def __enter__(self) -> Lease:
        if not self.acquire():
            raise LeaseLost(
                f"{self.name} is being worked on by another process.",
                fix="Wait until it is done ('dealbooks status' shows it), or run again later.",
            )
        self._thread = threading.Thread(target=self._keep, name=f"lease {self.name}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if not isinstance(value, LeaseLost):
            self.release()


def _started(pid: int) -> str | None:
    """When a process of this machine started, in clock ticks since boot; None when it is gone or cannot be told."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def _holder() -> str:
    pid = os.getpid()
    return f"{socket.gethostname()}/{pid}/{_started(pid) or '-'}"


def _is_gone(holder: str) -> bool:
    host, _, rest = holder.partition("/")
    pid, _, started = rest.partition("/")
    if host != socket.gethostname() or started in ("", "-"):
        return False  # another machine, or one without /proc: only the expiry tells
    return _started(int(pid)) != started
