"""Processes of a simulation, which may die or be paused between any two of their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sim_worlds import World

from dealbooks.ledger import Ledger
from dealbooks.store import Store, Tx
from sandbox.kit import Platform, SandboxTransport


class Died(BaseException):
    """The process is gone: nothing that it holds may write again."""


@dataclass
class Fate:
    """When a process dies or pauses: after so many of its steps (a call, an answer, a commit before or after)."""

    dies_in: int = -1
    pauses_in: int = -1
    paused: Callable[[], None] = lambda: None
    dead: bool = False

    def step(self) -> None:
        """One more step is about to be made. Raises Died."""
        if self.dead or self.dies_in == 0:
            self.dead = True
            raise Died
        self.dies_in -= 1

    def may_pause(self) -> None:
        """Between a call and its answer: the process is stopped for longer than its lease holds."""
        self.pauses_in -= 1
        if self.pauses_in == 0:
            self.paused()


class MortalStore(Store):
    """The store as one process has it; a dead one cannot write."""

    def __init__(self, real: Store, fate: Fate) -> None:
        self.url, self.clock, self.engine = real.url, real.clock, real.engine
        self._fate = fate

    @contextmanager
    def transaction(self, actor: str, action: str) -> Iterator[Tx]:
        """A transaction before or after whose commit the process may die."""
        self._fate.step()
        with super().transaction(actor, action) as tx:
            yield tx
            self._fate.step()
        self._fate.step()


class MortalTransport(SandboxTransport):
    """Calls before or after which the process may die, or pause."""

    def __init__(self, platform: Platform, fate: Fate) -> None:
        super().__init__(platform)
        self._fate = fate

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        self._fate.step()
        try:
            return super().handle_request(request)
        finally:
            self._fate.may_pause()
            self._fate.step()


@dataclass
class Process:
    """A process that drains: its own connection, its own memory."""

    store: Store
    ledger: Ledger
    fate: Fate


def born(world: World, store: Store, folder: Path, fate: Fate) -> Process:
    """A new process on a store that several share."""
    mortal = MortalStore(store, fate)
    return Process(mortal, world.connect(mortal, folder, MortalTransport(world.platform, fate)), fate)
