"""One life of an outbox, drawn from a seed: deals come, calls fail in every way, processes die and pause; then the
faults end, everything is drained, and the history checker judges what the platform wrote."""

from __future__ import annotations

import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sim_deals
from sim_checker import Verdict, check, source_of
from sim_deals import TAKES_BACK
from sim_process import Died, Fate, Process, born
from sim_store import home, new_store
from sim_worlds import ALL, BOOK, World
from sqlalchemy import func, select

from dealbooks.errors import DealbooksError, LeaseLost, Overtaken, StopConnection
from dealbooks.ledger import Posting
from dealbooks.oauth import DeadGrant
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.store import Store
from dealbooks.store.tables import effects
from sandbox.kit import Fault, FaultPlan

_PAUSES = (0.0, 1.0, 5.0, 30.0, 61.0, 130.0, 200.0, 700.0, 1000.0, 4000.0)
_LEASE = 60.0
_FAULTS_OF_OURS = (DealbooksError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_OPEN = ("held", "pending", "sending", "unknown")
SETTLING = frozenset({"receivable.customer", "clearing.settlement", "payable.customer_deposits"})
# A run that is quiet for so long after the last fault has nothing left that could still happen.
_QUIET, _QUIET_PAUSE = 60, 3600.0


@dataclass(frozen=True)
class Life:
    """What became of one seed. `wrong` is empty when every deal stands once, whole and to the cent."""

    seed: int
    ledger: str
    wrong: tuple[Verdict, ...]
    states: Mapping[str, int]
    reasons: tuple[str, ...]
    faults: Mapping[Fault, int]
    deaths: int
    takeovers: int
    writes: int

    @property
    def good(self) -> bool:
        """Nothing is wrong in the ledger, and nothing waits for a person."""
        return not self.wrong and set(self.states) <= {"posted", "superseded"}

    def __str__(self) -> str:
        lines = [f"seed {self.seed} on {self.ledger}: {dict(self.states)}", *map(str, self.wrong), *self.reasons]
        return "\n  ".join([*lines, f"repeat it: {command(self.ledger, self.seed)}"])


def command(ledger: str, seed: int) -> str:
    """The command that repeats a life."""
    return f"uv run python tests/simulate.py {ledger} --first {seed} --seeds 1"


@dataclass
class _Run:
    """What one life holds."""

    world: World
    store: Store
    folder: Path
    dice: random.Random
    stages: list[list[Posting]]
    deaths: int = 0
    takeovers: int = 0
    process: Process | None = None
    errors: list[Verdict] = field(default_factory=list)

    def born(self, fate: Fate) -> Process:
        return born(self.world, self.store, self.folder, fate)

    def alive(self) -> Process:
        if self.process is None or self.process.fate.dead:
            self.process = self.born(Fate())
        return self.process

    def drawn(self, process: Process) -> None:
        """When this process dies or pauses, by the dice."""
        fate = process.fate
        fate.dies_in = self.dice.randrange(0, 120) if self.dice.random() < 0.3 else -1
        fate.pauses_in = self.dice.randrange(1, 40) if self.dice.random() < 0.3 else -1
        fate.paused = self.take_over

    def take_over(self) -> None:
        """Another process drains, once or for hours, while the first one is stopped for longer than its lease."""
        self.takeovers += 1
        other = self.born(Fate())
        for _ in range(self.dice.choice((1, 2, 6))):
            self.world.clock.sleep(_LEASE + self.dice.choice((1.0, 200.0, 1500.0)))
            self.drain(other)

    def drain(self, process: Process) -> None:
        """One run of the outbox, however it ends."""
        try:
            self._planned(process)
            Drain(process.store, BOOK, process.ledger, lease_seconds=_LEASE).run()
        except Died:
            self.deaths += 1
        except DeadGrant:
            self.world.consent(process.ledger)
        except (StopConnection, LeaseLost, Overtaken):
            return
        except _FAULTS_OF_OURS as error:  # it is told, and the life goes on
            self.errors.append(Verdict("a run", "stopped", f"{type(error).__name__}: {error} {_place(error)}"))
            process.fate.dead = True

    def _planned(self, process: Process) -> None:
        """Put what may be planned into the outbox."""
        waits: set[str] = set()
        for stage in list(self.stages):
            deal = stage[0].key.deal
            if deal in waits or (stage[0].entry.event in TAKES_BACK and self._unsettled(deal)):
                waits.add(deal)
                continue
            takes_back = tuple(one.key for one in stage if one.entry.event in TAKES_BACK)
            planned = [
                Planned(one, process.ledger.effects(one), takes_back if one.entry.event == "sale.posted" else ())
                for one in stage
            ]
            with process.store.transaction("simulation", "enqueue") as tx:
                enqueue(tx, process.ledger, planned)
            self.stages = [one for one in self.stages if one is not stage]  # another process may have been faster
            if self.dice.random() < 0.5:
                return

    def _unsettled(self, deal: str) -> bool:
        """Whether the pipeline would let an amendment wait: the sale that it takes back is not posted yet, or a call
        is under way. Money that waits to be sent does not hold it back."""
        with self.store.read() as conn:
            rows = list(conn.execute(select(effects.c.version, effects.c.state).where(effects.c.deal_id == deal)))
        return any(row.state in ("sending", "unknown") or (row.version and row.state != "posted") for row in rows)

    def states(self) -> Counter[str]:
        with self.store.read() as conn:
            return Counter(row.state for row in conn.execute(select(effects.c.state)))

    def why(self) -> Iterator[str]:
        with self.store.read() as conn:
            query = select(effects.c.name, effects.c.deal_id, effects.c.state, effects.c.reason)
            for row in conn.execute(query.where(effects.c.state.not_in(["posted", "superseded"]))):
                yield f"{row.deal_id} {row.name} is {row.state}: {row.reason}"

    def until_due(self) -> float:
        """Seconds until the next effect may be looked at."""
        waiting = effects.c.state.in_(["pending", "unknown", "sending"])
        with self.store.read() as conn:
            due = conn.execute(select(func.min(effects.c.next_at)).where(waiting)).scalar()
        left = 0.0 if not due else (datetime.fromisoformat(due) - self.world.clock()).total_seconds()
        return max(left, 0.0) + self.dice.choice((1.0, _LEASE))

    def finished(self) -> bool:
        return not self.stages and not any(self.states()[state] for state in _OPEN)


def live(name: str, seed: int, *, make: Callable[[], World] | None = None, steps: int = 60) -> Life:
    """One life.

    Args:
        name: of the ledger.
        seed: everything in it is drawn from this.
        make: another world than that of the name.
        steps: how often the outbox is run, at most, while there are faults.
    """
    dice = random.Random(f"{name} {seed}")
    world = (make or ALL[name])()
    try:
        return _lived(world, new_store(world), home(), dice, name, seed, steps)
    except Exception as error:
        error.add_note(f"seed {seed} on {name}; repeat it: {command(name, seed)}")
        raise


def _lived(world: World, store: Store, folder: Path, dice: random.Random, name: str, seed: int, steps: int) -> Life:
    cases = sim_deals.cases(dice)
    own = frozenset(world.codes[role] for role in SETTLING)
    run = _Run(world, store, folder, dice, sim_deals.stages(dice, cases))
    world.clock.sleep(timedelta(days=1).total_seconds())  # its lists are nothing new
    world.consent(run.alive().ledger)
    plan = FaultPlan(seed, _rates(dice))
    quiet, world.platform.faults = world.platform.faults, plan
    for _ in range(steps):
        process = run.alive()
        run.drawn(process)
        run.drain(process)
        if run.finished() and dice.random() < 0.5:
            break
        world.clock.sleep(dice.choice(_PAUSES) if dice.random() < 0.3 else run.until_due())
    world.platform.faults = quiet
    for _ in range(_QUIET):
        run.process = run.born(Fate())
        run.drain(run.process)
        if run.finished():
            break
        world.clock.sleep(_QUIET_PAUSE + run.until_due())
    world.clock.sleep(timedelta(days=2).total_seconds())  # whatever was still under way
    wrong = sorted({*check(world.held(), [source_of(case, world.codes) for case in cases], own), *run.errors})
    return Life(
        seed, name, tuple(wrong), run.states(), tuple(run.why()), dict(plan.hits), run.deaths, run.takeovers,
        len(world.platform.log.writes),
    )  # fmt: skip


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _rates(dice: random.Random) -> dict[Fault, float]:
    """Some faults often, some seldom, some not at all; more than half of all calls go well."""
    rates = {fault: dice.choice((0.0, 0.0, 0.02, 0.06, 0.15)) for fault in Fault}
    sum_ = sum(rates.values())
    return {fault: rate * min(1.0, 0.45 / sum_) for fault, rate in rates.items()} if sum_ else rates
