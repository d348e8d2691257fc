"""Writes events so that an answer may be given: one thread, one transaction for all that wait at the moment.

One commit reaches the disk in milliseconds and carries hundreds of events as easily as one. A call is answered only
after the commit that its events were in.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from dealbooks.errors import DealbooksError
from dealbooks.store import Store, Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import counters, events

MOST_WAITING = 2000  # calls
_MOST_ROWS = 500  # in one transaction, unless one call brings more
_SECONDS = 20  # that a call waits for its commit
# Made once: building a statement takes as long as running it.
_KNOWN = select(events.c.dedupe_key).where(
    events.c.hook == bindparam("hook"), events.c.dedupe_key.in_(bindparam("keys", expanding=True))
)
_NUMBERS = (
    counters.update()
    .where(counters.c.name == "events")
    .values(value=counters.c.value + bindparam("count"))
    .returning(counters.c.value)
)
_INSERT = events.insert()
_LOG = logging.getLogger(__name__)


class NotWritten(Exception):
    """The events are not known to be in the store: the sender must call again. `reason` is a word, for counting."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(eq=False, slots=True)
class _Call:
    rows: Sequence[Row]
    done: asyncio.Future[int]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def tell(self, result: int | NotWritten) -> None:
        """Give the result to the call, from the writer's thread."""

        def settle() -> None:
            if self.done.done():  # its sender has gone
                return
            if isinstance(result, NotWritten):
                self.done.set_exception(result)
            else:
                self.done.set_result(result)

        self.loop.call_soon_threadsafe(settle)


class Writer:
    """The thread that writes events, and the calls that wait for it."""

    def __init__(self, store: Store, *, most_waiting: int = MOST_WAITING) -> None:
        self._store = store
        self._calls: queue.Queue[_Call | None] = queue.Queue(most_waiting)
        self._thread = threading.Thread(target=self._run, name="events-writer", daemon=True)
        self.on_commit: Callable[[int], object] = lambda _rows: None

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        if self._thread.is_alive():
            self._calls.put(None)
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether events can be written."""
        return self._thread.is_alive()

    def waiting(self) -> int:
        """Calls that wait."""
        return self._calls.qsize()

    async def write(self, rows: Sequence[Row]) -> int:
        """Have events (rows without id) in the store; how many of them were new.

        Raises:
            NotWritten: too many wait, or the store cannot be written to now.
        """
        if not self.alive:
            raise NotWritten("store")
        call = _Call(rows, asyncio.get_running_loop().create_future())
        try:
            self._calls.put_nowait(call)
        except queue.Full as error:
            raise NotWritten("full") from error
        try:
            return await asyncio.wait_for(call.done, _SECONDS)
        except TimeoutError as error:
            raise NotWritten("slow") from error

    def _run(self) -> None:
        going_on = True
        try:
            while going_on:
                calls, going_on = self._next()
                self._write(calls)
        finally:
            while not self._calls.empty():
                if (call := self._calls.get_nowait()) is not None:
                    call.tell(NotWritten("store"))

    def _next(self) -> tuple[list[_Call], bool]:
        """The calls that wait now, at least one; and whether there will be more."""
        calls: list[_Call] = []
        rows = 0
        while rows < _MOST_ROWS:
            try:
                call = self._calls.get(block=not calls)
            except queue.Empty:
                break
            if call is None:
                return calls, False
            calls.append(call)
            rows += len(call.rows)
        return calls, True

    def _write(self, calls: Sequence[_Call]) -> None:
        if not calls:
            return
        try:
            new = self._commit(calls)
        except (DealbooksError, SQLAlchemyError) as error:
            if len(calls) > 1 and not isinstance(error, DealbooksError):
                for call in calls:  # one of them is at fault, or was stored meanwhile: each by itself
                    self._write([call])
                return
            _LOG.warning("Events could not be written: %s", getattr(error, "message", type(error).__name__))
            for call in calls:
                call.tell(NotWritten("store"))
            return
        for call, count in zip(calls, new, strict=True):
            call.tell(count)

    def _commit(self, calls: Sequence[_Call]) -> list[int]:
        """Write the events of some calls that are not there yet; how many of each call were new."""
        with self._store.transaction("gateway", "take events") as tx:
            known = _known(tx, calls)
            fresh: list[Row] = []
            counts: list[int] = []
            for call in calls:
                before = len(fresh)
                for row in call.rows:
                    key = (row["hook"], row["dedupe_key"])
                    if key not in known:
                        known.add(key)
                        fresh.append(row)
                counts.append(len(fresh) - before)
            if fresh:
                # Another gateway that stored one of them since they were looked for makes the insert fail; see _write.
                numbered = [row | {"id": number} for row, number in zip(fresh, _numbers(tx, len(fresh)), strict=True)]
                tx.conn.execute(_INSERT, numbered)
        self.on_commit(len(fresh))
        return counts


def _known(tx: Tx, calls: Sequence[_Call]) -> set[tuple[str, str]]:
    """Which of the events stand in the store already."""
    keys: dict[str, list[str]] = {}
    for call in calls:
        for row in call.rows:
            keys.setdefault(row["hook"], []).append(row["dedupe_key"])
    return {
        (hook, key)
        for hook, wanted in keys.items()
        for key in tx.conn.execute(_KNOWN, {"hook": hook, "keys": wanted}).scalars()
    }


def _numbers(tx: Tx, count: int) -> range:
    """Ids for new events: `Tx.next_ids` in one statement, which is what most of the time of a small commit went to."""
    last = tx.conn.execute(_NUMBERS, {"count": count}).scalar()
    return tx.next_ids("events", count) if last is None else range(last - count + 1, last + 1)
