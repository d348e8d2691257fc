"""Rooms: houses that stay open in a process that lives long, one for each thing that is worked on.

A house is not thread-safe, and opening one costs more than the work of a single deal: charts, rulebooks and maps are
read, the data-quality engine is made ready, and the ledger's own lists are asked for. So each room is one thread with
one open house. What a house knows of the configuration and of the platforms grows old: it is opened again after a
while, while nothing waits, and after every error.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from dealbooks.config import Config
from dealbooks.errors import DealbooksError, LeaseLost
from dealbooks.house import House

T = TypeVar("T")
OPEN_SECONDS = 900.0  # that a house is used before it is opened again


@dataclass(slots=True, eq=False)
class _Room:
    name: str
    thread: ThreadPoolExecutor
    stack: ExitStack = field(default_factory=ExitStack)
    house: House | None = None
    opened_at: float = 0.0
    busy: int = 0

    def shut(self) -> None:
        """In its own thread."""
        self.stack.close()
        self.house = None


class Rooms:
    """The rooms of one process. `opened` makes a house; `seconds` is how long one is used."""

    def __init__(
        self,
        config: Callable[[], Config],
        *,
        seconds: float = OPEN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        prepare: Callable[[str, House], None] | None = None,
    ) -> None:
        self._config = config
        self._seconds = seconds
        self._clock = clock
        self._prepare = prepare
        self._rooms: dict[str, _Room] = {}

    async def run(self, name: str, actor: str, work: Callable[[House], T]) -> T:
        """Run `work` in a room; whoever comes second waits. What `work` raises goes on, and the house is not used
        again."""
        room = self._room(name)
        room.busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(room.thread, self._work, room, actor, work)
        finally:
            room.busy -= 1

    async def make_ready(self, names: Sequence[str]) -> dict[str, DealbooksError]:
        """Open these rooms, side by side, before they are needed; those that could not be, and why. They are opened
        when they are used."""
        ended = await asyncio.gather(*(self.run(name, "prefect", _nothing) for name in names), return_exceptions=True)
        failed: dict[str, DealbooksError] = {}
        for name, error in zip(names, ended, strict=True):
            if isinstance(error, DealbooksError):
                failed[name] = error
            elif error is not None:
                raise error
        return failed

    def renew(self) -> list[asyncio.Future[None]]:
        """Open again, in the background, the houses of idle rooms that are old; what is under way."""
        loop = asyncio.get_running_loop()
        old = [room for room in self._rooms.values() if not room.busy and self._is_old(room)]
        return [loop.run_in_executor(room.thread, self._open_again, room) for room in old]

    def close(self) -> None:
        """Wait for what is under way, and close every house."""
        for room in self._rooms.values():
            room.thread.submit(room.shut).result()
            room.thread.shutdown()
        self._rooms.clear()

    def _room(self, name: str) -> _Room:
        if name not in self._rooms:
            self._rooms[name] = _Room(name, ThreadPoolExecutor(1, thread_name_prefix=f"room {name}"))
        return self._rooms[name]

    def _work(self, room: _Room, actor: str, work: Callable[[House], T]) -> T:
        try:
            house = self._opened(room)
            house.actor = actor
            return work(house)
        except LeaseLost:  # another process works on it, which says nothing about the house
            raise
        except BaseException:
            room.shut()
            raise

    def _opened(self, room: _Room) -> House:
        if room.house is None:
            room.house = room.stack.enter_context(House.open(self._config(), actor="prefect"))
            room.opened_at = self._clock()
            if self._prepare is not None:
                self._prepare(room.name, room.house)
        return room.house

    def _open_again(self, room: _Room) -> None:
        if self._is_old(room):
            room.shut()
            with suppress(DealbooksError):  # told when it is used
                self._work(room, "prefect", _nothing)

    def _is_old(self, room: _Room) -> bool:
        return room.house is not None and self._clock() - room.opened_at >= self._seconds


def _nothing(_house: House) -> None:
    """The house is open: that was all."""


KEPT: ContextVar[Rooms | None] = ContextVar("rooms", default=None)


def kept() -> Rooms | None:
    """The rooms of this process, where it keeps any."""
    return KEPT.get()


def room_name(kind: str, name: str) -> str:
    """The room of a source or a book."""
    return f"{kind} {name}"
