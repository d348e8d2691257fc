"""The fast lane: a process that has Prefect and the data-quality engine loaded, notices what the gateway stores, and
calls the flow `inbox-intake` for it, so that each batch is a run in the Prefect UI.

    python -m flows.intake --config FILE

While the Prefect server is away the work goes on without it, and is told in the log. What this process has in its
memory may be lost with it: when it begins, and after a fault, it sweeps every source over an API and posts what waits.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_API_URL

from dealbooks import registry
from dealbooks.config import Config, find_config, load_config
from dealbooks.errors import DealbooksError
from dealbooks.house import House, store_url
from dealbooks.pipeline.agenda import BUSY_GAPS, Item
from dealbooks.pipeline.intake import anything_new
from dealbooks.store import Store
from flows.inbox_intake import carry, inbox_intake
from flows.lane import CURRENT, Batch, Lane
from tasks.intake import EVENTS_ROOM
from tasks.rooms import KEPT, Rooms, room_name

LOOK_SECONDS = 0.05  # between two looks into the inbox: one read of an index
_RENEW_SECONDS = 5.0  # between two looks whether houses or settings are old
_AWAY_GAPS = (0.5, 1.0, 2.0, 5.0, 10.0)  # while the store cannot be read, or a batch fails
_MOST_AT_ONCE = 4  # batches that post; the next one waits
_MOST_BATCHES = 3000  # then the process begins anew: Prefect and its client keep something of each
_MOST_MIB = 600.0  # over what it has when it is ready
_STOP_SECONDS = 10.0
BEGIN_ANEW = "begin anew"

_log = logging.getLogger("dealbooks.intake")


class Intake:
    """The fast lane of one configuration. `run` returns when it was asked to stop, or should begin anew."""

    def __init__(self, path: Path, *, most_batches: int = _MOST_BATCHES, catch_up: bool = True) -> None:
        self._path = path
        self._config = load_config(path)
        self._seen = self._stamps()
        self._store = Store(store_url(self._config))
        self._rooms = Rooms(lambda: load_config(path), prepare=_prepare)
        self._lane = Lane()
        self._most_batches = most_batches
        self._running: set[asyncio.Task[None]] = set()
        self._number = 0
        self._faults = 0
        self._quiet_until = 0.0
        self._away = False
        if catch_up:
            self._catch_up()

    async def run(self, stop: asyncio.Event, *, ready: Callable[[], None] = lambda: None) -> str:
        """Work until asked to stop; why it ended: empty, or BEGIN_ANEW."""
        token = KEPT.set(self._rooms)
        try:
            rooms = [
                EVENTS_ROOM,
                *(room_name("source", name) for name in self._records()),
                *(room_name("book", name) for name in self._config.books),
            ]
            for name, error in (await self._rooms.make_ready(rooms)).items():
                _log.warning("%s: %s The others go on.", name, error.words)
            ready()
            return await self._loop(stop)
        finally:
            KEPT.reset(token)
            await self._end()

    async def _loop(self, stop: asyncio.Event) -> str:
        most = _memory_mib() + _MOST_MIB
        renewed = time.monotonic()
        asked = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._lane.changed.clear()
                if await self._is_due():
                    await self._begin_batch()
                if self._number >= self._most_batches or _memory_mib() > most:
                    _log.info("%d batches, %.0f MiB: this process begins anew", self._number, _memory_mib())
                    return BEGIN_ANEW
                if time.monotonic() - renewed >= _RENEW_SECONDS:
                    renewed = time.monotonic()
                    if self._stamps() != self._seen:
                        _log.info("the settings changed: this process begins anew")
                        return BEGIN_ANEW
                    self._rooms.renew()
                await self._pause(asked)
            return ""
        finally:
            asked.cancel()

    async def _is_due(self) -> bool:
        """Whether a batch should begin now."""
        if len(self._running) >= _MOST_AT_ONCE or time.monotonic() < self._quiet_until:
            return False
        if self._lane.agenda.seconds() == 0.0:
            return True
        try:
            return await asyncio.to_thread(anything_new, self._store)
        except DealbooksError as error:
            self._fault(error.words)
            return False

    async def _pause(self, asked: asyncio.Task[bool]) -> None:
        """Until there may be something to do."""
        changed = asyncio.create_task(self._lane.changed.wait())
        try:
            await asyncio.wait({asked, changed}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()

    async def _begin_batch(self) -> None:
        """Start a batch, and wait until it only posts."""
        self._number += 1
        batch = Batch(self._lane, self._number, tuple(self._lane.agenda.due()))
        task = asyncio.create_task(self._work(batch))
        self._running.add(task)
        task.add_done_callback(lambda done: self._ended(done, batch))
        read = asyncio.create_task(batch.read.wait())
        await asyncio.wait({task, read}, return_when=asyncio.FIRST_COMPLETED)
        read.cancel()

    async def _work(self, batch: Batch) -> None:
        """One batch, as a run of Prefect's where its server answers."""
        CURRENT.set(batch)  # of this task alone
        why = ""
        try:
            if await self._prefect_answers():
                state = await inbox_intake(str(self._path), batch.number, return_state=True)
                why = state.message or state.name or ""
            else:
                done = await carry(str(self._path), batch, plain=True)
                _log.info("batch %d, without Prefect: %s", batch.number, done.summary.in_words())
        except DealbooksError as error:
            why = error.words
        except (PrefectException, httpx.HTTPError, OSError, RuntimeError) as error:
            why = f"batch {batch.number} ended in the middle ({type(error).__name__})"
        finally:
            self._lane.changed.set()
        if batch.carried:
            self._faults = 0
            return
        self._fault(why)
        if batch.taken is None:
            self._lane.agenda.now(batch.items)  # nothing was begun
        else:
            self._catch_up(batch)  # it is not known which stages ran

    def _ended(self, task: asyncio.Task[None], batch: Batch) -> None:
        """A batch that ended by a fault that nobody foresaw is told like any other, and its work comes again."""
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("a batch ended by a fault of this program", exc_info=error)
            self._fault(f"a batch ended in the middle ({type(error).__name__})")
            self._catch_up(batch)
            self._lane.changed.set()

    def _fault(self, words: str) -> None:
        """Say it, and be quiet for a while that grows."""
        gap = _AWAY_GAPS[min(self._faults, len(_AWAY_GAPS) - 1)]
        self._faults += 1
        self._quiet_until = time.monotonic() + gap
        _log.warning("%s; tried again in %.1f s", words, gap)

    def _catch_up(self, ended: Batch | None = None) -> None:
        """Sweep every source over an API, and post what waits in every book: what an earlier process, or a batch that
        ended in the middle, may have left. Of that batch also what it was to do, which a sweep may not see yet."""
        items = [Item("source", name) for name in self._records()] + [Item("book", name) for name in self._config.books]
        if ended is None:
            self._lane.agenda.now(items)
            return
        records = [Item("record", source, key) for source, key in ended.read_again]
        for item in dict.fromkeys((*items, *records, *ended.items)):
            self._lane.agenda.again(item, BUSY_GAPS)

    def _records(self) -> list[str]:
        return [
            name
            for name, source in self._config.sources.items()
            if registry.source_platform(source.platform).kind == "records"
        ]

    async def _prefect_answers(self) -> bool:
        url = PREFECT_API_URL.value()
        answers = False
        if url:
            with contextlib.suppress(httpx.HTTPError):
                async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
                    answers = (await client.get(f"{url}/health")).status_code == httpx.codes.OK
        if answers == self._away:
            self._away = not answers
            where = url or "PREFECT_API_URL, which is not set"
            if answers:
                _log.info("Prefect answers at %s", where)
            else:
                _log.warning("Prefect does not answer (%s): the work goes on, and its UI will not show it", where)
        return answers

    def _stamps(self) -> dict[str, float]:
        """When the files of the configuration last changed."""
        return {str(path): path.stat().st_mtime for path in _files(self._config) if path.exists()}

    async def _end(self) -> None:
        """Let what is under way come to its end, for a while: whatever is cut off goes on at the next start."""
        if self._running:
            await asyncio.wait(self._running, timeout=_STOP_SECONDS)
        if self._running:
            _log.warning("ended in the middle of %d batches; they go on at the next start", len(self._running))
            return
        await asyncio.to_thread(self._rooms.close)
        self._store.close()


def _prepare(name: str, house: House) -> None:
    """What the first deal would otherwise wait for; nobody is called."""
    kind, _, what = name.partition(" ")
    if kind == "source":
        house.field_map(what)
        house.validator.get_ready()
        for book in set(house.source_config(what).books.values()):
            house.book(book), house.rulebook(book)
    elif kind == "book":
        house.book(what), house.rulebook(what)
        house.ledger(what)


def _files(config: Config) -> Iterator[Path]:
    """dealbooks.yaml, and the charts, rulebooks and maps of its own."""
    if config.file is not None:
        yield Path(config.file)
    named = [value for book in config.books.values() for value in (book.chart, book.rules)]
    named += [source.map for source in config.sources.values() if source.map]
    yield from (config.path(value) for value in named if "/" in value or value.endswith((".yaml", ".yml")))


def _memory_mib() -> float:
    """Resident memory (Linux; elsewhere 0, and only the number of batches counts)."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if status.exists() else 0.0


async def _serve(path: Path) -> str:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    intake = Intake(path)
    return await intake.run(stop, ready=lambda: _log.info("ready: events are taken as they come"))


def _say_to_stderr() -> None:
    """Our own words, whatever Prefect has set up for its logs."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s | %(levelname)-7s | %(name)s - %(message)s"))
    ours = logging.getLogger("dealbooks")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False


def serve(config: Path | None) -> int:
    """Run the fast lane of a configuration until Ctrl-C or SIGTERM; the exit code.

    Raises:
        DealbooksError: the configuration is wrong, or the store cannot be used.
    """
    _say_to_stderr()
    path = find_config(config).absolute()
    why = asyncio.run(_serve(path))
    if why == BEGIN_ANEW:
        logging.shutdown()
        os.execv(sys.executable, [sys.executable, "-m", "flows.intake", "--config", str(path)])
    return 0


def main() -> int:
    """Entry point of the process that `dealbooks up` starts."""
    parser = argparse.ArgumentParser(prog="python -m flows.intake")
    parser.add_argument("--config", type=Path, required=True)
    try:
        return serve(parser.parse_args().config)
    except DealbooksError as error:
        _log.error("%s", error.words)
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
