"""What the kill tests of ledgers over HTTP share: a sandbox on a port, an outbox full of deals, workers that drain it.

The sandbox is served by the test's own process, which is never killed; every worker is a process of its own. All of
them have one virtual time, so that nothing waits. What a run did is told by its history: the events of its workers,
and each write of the sandbox, in the order in which they happened.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ledger_outbox import deals_of, fill
from ledger_worker import DEAD_GRANT, DONE, OVERTAKEN
from shared_clock import share
from sim_checker import Verdict, check, source_of
from sim_life import SETTLING
from sim_store import in_memory
from sim_worlds import ALL
from sqlalchemy import func, select

from dealbooks.store import Store
from dealbooks.store.audit import verify
from dealbooks.store.schema import ensure
from dealbooks.store.tables import effects
from sandbox.kit import Answer, Call, Platform, SandboxTransport
from sandbox.kit.server import server

_WORKER = Path(__file__).with_name("ledger_worker.py")
_RESTART = 2.0
_SETTLED = 1000.0  # longer than any ledger needs to show what it took
_ROUNDS = 12
_PATIENCE = 20.0
_TOKENS = ("token:", "renew book: ")
WROTE = "the ledger wrote"

Point = tuple[str, int]  # the name of an event, and which of them


class Stage:
    """What stands behind the port: the platform of the scene that is played."""

    name = "stage"

    def __init__(self) -> None:
        self.platform: Platform | None = None
        self.history: Path | None = None

    def handle(self, call: Call) -> Answer:
        """One call; what it wrote goes into the history."""
        assert self.platform is not None
        assert self.history is not None
        before = len(self.platform.log.writes)
        answer = self.platform.handle(call)
        if len(self.platform.log.writes) > before:
            with self.history.open("a") as file:
                file.write(f"{WROTE}\n")
        return answer


@dataclass
class Port:
    """The sandbox's port, and whether it is quiet."""

    stage: Stage
    running: Any
    number: int

    def quiet(self) -> None:
        """Wait until nothing of a dead worker is on its way any more: what it had sent whole is done, late."""
        with socket.create_connection(("127.0.0.1", self.number)) as knock:  # behind whatever was not yet let in
            knock.sendall(b"?\r\n\r\n")
            while knock.recv(1024):
                continue
        state = self.running.server_state
        until = time.monotonic() + _PATIENCE
        while state.connections or state.tasks:
            assert time.monotonic() < until, "the sandbox does not come to rest"
            time.sleep(0.0005)


@contextlib.contextmanager
def port() -> Iterator[Port]:
    """One port for all scenes."""
    stage = Stage()
    running, bound = server(cast(Platform, stage))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield Port(stage, running, bound.getsockname()[1])
    finally:
        running.should_exit = running.force_exit = True
        thread.join()
        bound.close()


class Nursery:
    """The process that forks workers."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def born(self, **order: Any) -> int:
        """A worker; its process id."""
        return int(self._ask({"born": order})["pid"])

    def ended(self, pid: int) -> dict[str, int]:
        """How a worker ended, or that it is stopped, once it has."""
        return self._ask({"ended": pid})

    def close(self) -> None:
        """No more workers."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, order: Mapping[str, Any]) -> dict[str, int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the nursery of the workers has ended"
        return cast(dict[str, int], json.loads(answer))


@dataclass
class Theatre:
    """The port and the nursery that all scenes of a test module share, and what was counted in them."""

    port: Port
    nursery: Nursery
    folder: Path
    empty: bytes  # a store with nothing in it
    scenes: int = 0
    reconnected: int = 0
    kills: dict[str, Counter[str]] = field(default_factory=dict)


@contextlib.contextmanager
def theatre() -> Iterator[Theatre]:
    """Open for a test module; at its end it tells how many kills were survived, by ledger and by state."""
    nursery = Nursery()
    try:
        with port() as number, tempfile.TemporaryDirectory(prefix="dealbooks-kills-", dir=in_memory()) as folder:
            made = Theatre(number, nursery, Path(folder), _empty_store(Path(folder, "store.db")))
            yield made
    finally:
        nursery.close()
    for ledger, states in made.kills.items():
        told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        print(f"\n{ledger}: {states.total()} kills survived: {told}")
    print(f"{made.reconnected} times a person had to reconnect")


class Scene:
    """Some deals in the outbox of a new store, and a new sandbox that they are to be drained into.

    The seed chooses the deals. An amended one was posted before, in peace; what is in the outbox takes it back.
    """

    def __init__(self, theatre: Theatre, ledger: str, seed: int) -> None:
        self.theatre, self.ledger, self.seed = theatre, ledger, seed
        self.met = ""  # the event at which a worker was last killed or stopped
        theatre.scenes += 1
        self.folder = theatre.folder / f"scene-{theatre.scenes}"
        self.folder.mkdir()
        self.world = ALL[ledger]()
        cases = deals_of(seed)
        self.sources = [source_of(case, self.world.codes) for case in cases]
        (self.folder / "store.db").write_bytes(theatre.empty)
        self.store = Store(f"sqlite:///{self.folder / 'store.db'}", clock=self.world.clock)
        fill(self.store, self.folder, self.world, cases)
        share(self.world.clock, self.folder / "clock")
        self._take_the_stage()

    def _take_the_stage(self) -> None:
        self.history = self.folder / "history"
        self.history.touch()
        stage = self.theatre.port.stage
        stage.platform, stage.history = self.world.platform, self.history

    # -- workers ---------------------------------------------------------------------------------------

    def born(self, at: Point | None = None, how: str = "SIGKILL") -> int:
        """A worker starts; it does to itself what is asked for at an event."""
        self.met = at[0] if at is not None else self.met
        return self.theatre.nursery.born(
            ledger=self.ledger, folder=str(self.folder), port=self.theatre.port.number, at=at, how=how
        )

    def ended(self, pid: int) -> dict[str, int]:
        """Wait for a worker; the sandbox has done by then whatever had reached it."""
        end = self.theatre.nursery.ended(pid)
        if "killed" in end:
            self.theatre.port.quiet()
        if end.get("exit") == DEAD_GRANT:
            self._reconnect()
        elif end.get("exit", DONE) not in (DONE, OVERTAKEN):
            told = [path.read_text() for name in ("error", "stopped") if (path := self.folder / name).exists()]
            raise AssertionError(f"{self.ledger}, seed {self.seed}: a worker failed: {told}")
        return end

    def _reconnect(self) -> None:
        """A new refresh token was lost with the worker that had asked for it: a person connects the book anew."""
        assert self.met.startswith(_TOKENS), f"{self.ledger}: reconnect, after {self.met}"
        self.theatre.reconnected += 1
        self.world.consent(self.world.connect(self.store, self.folder, SandboxTransport(self.world.platform)))

    def kill(self, at: Point) -> None:
        """A worker that is killed at an event. The state in which it died is counted."""
        end = self.ended(self.born(at))
        assert end == {"killed": signal.SIGKILL}, f"{self.ledger}, seed {self.seed}: not killed at {at}: {end}"
        self.theatre.kills.setdefault(self.ledger, Counter())[state_of(self.events())] += 1
        self.world.clock.sleep(_RESTART)

    def stop(self, pid: int) -> None:
        """Wait until a worker has stopped itself."""
        end = self.ended(pid)
        assert end == {"stopped": signal.SIGSTOP}, f"{self.ledger}, seed {self.seed}: not stopped: {end}"

    def go_on(self, pid: int) -> dict[str, int]:
        """A stopped worker goes on, to its end."""
        os.kill(pid, signal.SIGCONT)
        return self.ended(pid)

    def drained(self) -> None:
        """New workers, one after another, until all is posted; time passes in between."""
        for _ in range(_ROUNDS):
            self.ended(self.born())
            if set(self.states()) <= {"posted", "superseded"}:
                return
            self.settle()

    def settle(self) -> None:
        """Time passes, more than any ledger needs to show what it took."""
        self.world.clock.sleep(_SETTLED)

    # -- what became of it -------------------------------------------------------------------------------

    def events(self) -> list[str]:
        """What happened, in order."""
        return self.history.read_text().splitlines()

    def states(self) -> Counter[str]:
        """How many effects are in each state."""
        with self.store.read() as conn:
            query = select(effects.c.state, func.count()).group_by(effects.c.state)
            return Counter({row[0]: row[1] for row in conn.execute(query)})

    def wrong(self) -> list[Verdict]:
        """What the history checker finds in the sandbox's own log of writes."""
        own = frozenset(self.world.codes[role] for role in SETTLING)
        return check(self.world.held(), self.sources, own)

    def judge(self, told: str) -> list[str]:
        """What is wrong: a deal that does not stand once, whole and to the cent; an effect that is not posted; an audit
        chain that does not agree."""
        report = verify(self.store)
        wrong = [*map(str, self.wrong()), *self.open(), *map(str, report.breaks)]
        if not report.intact:
            wrong.append("the audit chain is not intact")
        return [f"{self.ledger}, seed {self.seed}, {told}: {one}" for one in wrong]

    def open(self) -> list[str]:
        """What is not posted, and why."""
        columns = (effects.c.deal_id, effects.c.name, effects.c.state, effects.c.reason)
        with self.store.read() as conn:
            rows = conn.execute(select(*columns).where(effects.c.state.not_in(["posted", "superseded"])))
            return [" ".join(row) for row in rows]

    def close(self) -> None:
        """Nothing remains of it."""
        self.store.close()
        shutil.rmtree(self.folder)


def state_of(events: Sequence[str]) -> str:
    """In which state a worker died, told by its last event and by what had happened since the last commit."""
    last = next(event for event in reversed(events) if event != WROTE)
    if last.endswith(": after its commit"):
        return "recorded"
    committed = max((at for at, event in enumerate(events) if event.endswith(": after its commit")), default=0)
    if WROTE in events[committed:]:
        return "written in the ledger, not recorded"
    if last.endswith((": before it begins", ": before its commit")):
        return "nothing written, in or before a transaction"
    return "nothing written, before or in a call" if not last.endswith(": answered") else "nothing written, answered"


def _empty_store(file: Path) -> bytes:
    store = Store(f"sqlite:///{file}")
    ensure(store)
    store.close()
    return file.read_bytes()
