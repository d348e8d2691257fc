"""One life of an outbox, drawn from a seed: deals come, calls fail in every way, processes die and pause; then the
faults end, everything is drained, and the history checker judges what the platform wrote."""

from __future__ import annotations

import json
import random
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
from documents_support import record
from sim_checker import Verdict, check, source_of
from sim_worlds import ALL, BOOK, World
from sqlalchemy import func, select

from dealbooks.deal import Deal
from dealbooks.errors import DealbooksError, LeaseLost, Overtaken, StopConnection
from dealbooks.ledger import Ledger, Party, Posting
from dealbooks.oauth import DeadGrant
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.pipeline.keys import posting_key
from dealbooks.store import Store, Tx
from dealbooks.store.schema import ensure
from dealbooks.store.tables import effects
from sandbox.kit import Fault, FaultPlan, Platform, SandboxTransport

_CASES = Path(__file__).parent / "golden" / "cases"
_UK = ("G09", "G10", "G11", "G12", "G13", "G14")
_NAMES = ("Gwen Prothero", "Idris Owen")
_PAUSES = (0.0, 1.0, 5.0, 30.0, 61.0, 130.0, 200.0, 700.0, 1000.0, 4000.0)
_LEASE = 60.0
_FAULTS_OF_OURS = (DealbooksError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_TAKES_BACK = ("sale.reversed", "sale.unwound")
_OPEN = ("held", "pending", "sending", "unknown")
SETTLING = frozenset({"receivable.customer", "clearing.settlement", "payable.customer_deposits"})
# A run that is quiet for so long after the last fault has nothing left that could still happen.
_QUIET, _QUIET_PAUSE = 60, 3600.0


class Died(BaseException):
    """The process is gone: nothing that it holds may write again."""


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
class _Fate:
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


class _MortalStore(Store):
    """The store as one process has it; a dead one cannot write."""

    def __init__(self, real: Store, fate: _Fate) -> None:
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


class _MortalTransport(SandboxTransport):
    """Calls before or after which the process may die, or pause."""

    def __init__(self, platform: Platform, fate: _Fate) -> None:
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
class _Process:
    """A process that drains: its own connection, its own memory."""

    store: Store
    ledger: Ledger
    fate: _Fate


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
    process: _Process | None = None
    errors: list[Verdict] = field(default_factory=list)

    def born(self, fate: _Fate) -> _Process:
        store = _MortalStore(self.store, fate)
        transport = _MortalTransport(self.world.platform, fate)
        return _Process(store, self.world.connect(store, self.folder, transport), fate)

    def alive(self) -> _Process:
        if self.process is None or self.process.fate.dead:
            self.process = self.born(_Fate())
        return self.process

    def drawn(self, process: _Process) -> None:
        """When this process dies or pauses, by the dice."""
        fate = process.fate
        fate.dies_in = self.dice.randrange(0, 120) if self.dice.random() < 0.3 else -1
        fate.pauses_in = self.dice.randrange(1, 40) if self.dice.random() < 0.15 else -1
        fate.paused = self.take_over

    def take_over(self) -> None:
        """Another process drains while the first one is stopped for longer than its lease."""
        self.takeovers += 1
        self.world.clock.sleep(_LEASE + self.dice.choice((1.0, 200.0, 1500.0)))
        self.drain(self.born(_Fate()))

    def drain(self, process: _Process) -> None:
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

    def _planned(self, process: _Process) -> None:
        """Put what may be planned into the outbox."""
        waits: set[str] = set()
        for stage in list(self.stages):
            deal = stage[0].key.deal
            if deal in waits or (stage[0].entry.event in _TAKES_BACK and self._unsettled(deal)):
                waits.add(deal)
                continue
            takes_back = tuple(one.key for one in stage if one.entry.event in _TAKES_BACK)
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
    cases = _cases(dice)
    own = frozenset(world.codes[role] for role in SETTLING)
    run = _Run(world, store, folder, dice, _stages(dice, cases))
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
        run.process = run.born(_Fate())
        run.drain(run.process)
        if run.finished():
            break
        world.clock.sleep(_QUIET_PAUSE + run.until_due())
    world.clock.sleep(timedelta(days=2).total_seconds())  # whatever was still under way
    wrong = check(world.held(), [source_of(case, world.codes) for case in cases], own) + run.errors
    return Life(
        seed, name, tuple(sorted(wrong)), run.states(), tuple(run.why()), dict(plan.hits), run.deaths, run.takeovers,
        len(world.platform.log.writes),
    )  # fmt: skip


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


# -- what is drawn -----------------------------------------------------------------------------------------


def _rates(dice: random.Random) -> dict[Fault, float]:
    """Some faults often, some seldom, some not at all; more than half of all calls go well."""
    rates = {fault: dice.choice((0.0, 0.0, 0.02, 0.06, 0.15)) for fault in Fault}
    sum_ = sum(rates.values())
    return {fault: rate * min(1.0, 0.45 / sum_) for fault, rate in rates.items()} if sum_ else rates


def _cases(dice: random.Random) -> list[dict[str, Any]]:
    """One to three deals, sometimes of one customer, sometimes of two with one name."""
    count = dice.choice((1, 1, 2, 3))
    same, alike = dice.random() < 0.3, dice.random() < 0.3
    made = []
    for number in range(1, count + 1):
        customer = 1 if same else number
        made.append(case_of(dice.choice(_UK), number, customer, _NAMES[0 if alike or same else number % 2]))
    return made


def _stages(dice: random.Random, cases: Sequence[Mapping[str, Any]]) -> list[list[Posting]]:
    """What is put into the outbox at once: entries in their order; what takes a sale back, with what follows it."""
    stages: list[list[Posting]] = []
    for case in cases:
        stage: list[Posting] = []
        for posting in postings_of(json.dumps({name: case[name] for name in ("deal", "deal_amended") if name in case})):
            if stage and (posting.entry.event in _TAKES_BACK or (not _cut_off(stage) and dice.random() < 0.4)):
                stages.append(stage)
                stage = []
            stage.append(posting)
        stages.append(stage)
    return stages


def _cut_off(stage: Sequence[Posting]) -> bool:
    return stage[0].entry.event in _TAKES_BACK


@lru_cache(maxsize=256)
def case_of(case: str, number: int, customer: int, name: str = _NAMES[0]) -> dict[str, Any]:
    """A golden case under a number, a car and a customer of its own."""
    text = next(_CASES.glob(f"{case}-*.json")).read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    deal = data["deal"]
    text = text.replace(deal["deal_id"], f"UK-{number:05d}").replace(deal["vehicle"]["stock_no"], f"S{number:05d}")
    data = json.loads(text.replace(f'"{deal["customer"]["id"]}"', f'"C-{customer:03d}"'))
    for stage in ("deal", "deal_amended"):
        if stage in data:
            data[stage]["customer"]["name"] = name
    return data


@lru_cache(maxsize=256)
def postings_of(text: str) -> tuple[Posting, ...]:
    """What the pipeline would put into the outbox for a deal, stage by stage."""
    stages = [Deal.model_validate(data) for data in json.loads(text).values()]
    recorded = record(*stages)
    deal = recorded.deal
    party = Party(deal.customer.id, deal.customer.name or deal.customer.id)
    found = []
    for entry, facts in recorded.entries:
        sale = "" if facts is None else facts.entry_id
        plain = Posting(
            posting_key(BOOK, deal.deal_id, entry.entry_id), entry, deal_number=deal.deal_id, vin=deal.vehicle.vin,
            stock_no=deal.vehicle.stock_no, customer_name=party.name, parties={party.id: party}, invoice=facts,
        )  # fmt: skip
        found.append(
            replace(
                plain,
                reverses=posting_key(BOOK, deal.deal_id, entry.reverses) if entry.reverses else None,
                sale=posting_key(BOOK, deal.deal_id, sale) if sale else None,
            )
        )
    return tuple(found)


# -- a store that costs nothing ------------------------------------------------------------------------------


def in_memory() -> str | None:
    """Where a folder costs nothing, if the machine has that."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@lru_cache(maxsize=1)
def _home() -> tempfile.TemporaryDirectory[str]:
    """The folder of this process's lives."""
    return tempfile.TemporaryDirectory(prefix="dealbooks-lives-", dir=_inside or in_memory())


_inside = ""


def live_in(folder: str) -> None:
    """For a worker process, which does not tidy up at its end: keep everything in a folder of its parent's."""
    global _inside
    _inside = folder


def home() -> Path:
    """Its path: the key to kept tokens is there too."""
    return Path(_home().name)


@lru_cache(maxsize=1)
def _opened() -> tuple[Store, bytes]:
    """One store for all lives of this process, so that statements are compiled once; and the bytes of an empty one."""
    file = home() / "store.db"
    store = Store(f"sqlite:///{file}")
    ensure(store)
    store.close()
    return store, file.read_bytes()


def new_store(world: World) -> Store:
    """An empty store that keeps the world's time."""
    store, empty = _opened()
    store.close()
    for name in ("store.db-wal", "store.db-shm"):
        (home() / name).unlink(missing_ok=True)
    (home() / "store.db").write_bytes(empty)
    store.clock = world.clock
    return store
