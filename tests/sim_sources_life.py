"""A life of a source from a seed: people sell, correct, reopen, delete and take back while processes sweep, take what
webhooks told, and carry deals into a ledger; with faults, and killed anywhere.

A process may die before and after every call, before, inside and after every transaction, and it may be stopped in a
call for longer than its lease holds, while another one does its work.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conformance.sources.source_rig import SOURCE, SourceRig
from events_support import arrives, told
from sim_process import Died, Fate, MortalStore
from sim_sources_checker import Verdict, verdicts
from sim_sources_people import People
from sim_sources_worlds import Files, world_of

from dealbooks.config import load_config
from dealbooks.errors import DealbooksError
from dealbooks.house import House
from dealbooks.pipeline.events import take_events
from dealbooks.pipeline.extract import extract
from dealbooks.pipeline.load import load
from dealbooks.pipeline.sweep import take_some
from dealbooks.pipeline.sync import SyncResult, sync, take_batches
from dealbooks.pipeline.transform import transform
from dealbooks.pipeline.work import held_deals
from dealbooks.store import Tx
from sandbox.kit import Fault, FaultPlan

RATES = {
    Fault.REFUSED: 0.02, Fault.TIMEOUT_BEFORE: 0.02, Fault.SERVER_ERROR: 0.06, Fault.RESET: 0.02,
    Fault.LIMIT_SECOND: 0.02, Fault.TOKEN_EXPIRED: 0.02, Fault.SLOW: 0.01,
}  # fmt: skip
_STEPS = 16
_BOOK = "northgate"
_DAY = 86_400.0
_SHARED = ("_rulebooks", "_books", "_maps")  # read from files that nobody changes here


@dataclass
class _Fate(Fate):
    """It may also be at the so-manieth storing of what a source gave that the process dies."""

    at_read: int = -1
    then: int = 0

    def reads(self) -> None:
        """What a source gave is about to be stored."""
        if self.at_read == 0:
            self.dies_in = self.then
        self.at_read -= 1


class _Store(MortalStore):
    """The store as a process has it that dies rather where it reads a source than elsewhere."""

    @contextmanager
    def transaction(self, actor: str, action: str) -> Iterator[Tx]:
        """A transaction before, in or after which the process may die."""
        if action.startswith(("read ", "take ", "took ")) and isinstance(self._fate, _Fate):
            self._fate.reads()
        with super().transaction(actor, action) as tx:
            yield tx


@dataclass
class Life:
    """How a seed ended."""

    platform: str
    seed: int
    wrong: list[Verdict] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0

    def __str__(self) -> str:
        command = f"python tests/sim_sources.py {self.platform} --first {self.seed} --seeds 1"
        return f"seed {self.seed}: {'; '.join(f'{one.kind}: {one.words}' for one in self.wrong)} ({command})"


def live(platform: str, seed: int, folder: Path) -> Life:
    """Live one seed."""
    dice = random.Random(f"{platform} {seed}")
    rig = world_of(platform)(folder, FaultPlan(seed, RATES if seed % 3 else {}))
    if not isinstance(rig, Files):
        rig.shop.settings["hooks"] = {SOURCE: {"scheme": "signed", "secrets": ["gateway-secret-01"], "source": SOURCE}}
        rig.shop.write_config()
    one = _Lived(rig, dice, Life(platform, seed), webhooks=seed % 4 != 1)
    try:
        one.live()
        return one.life
    finally:
        rig.shop.close()


class _Lived:
    """One seed being lived. `webhooks`: whether any come; on every fourth day all of them are lost."""

    def __init__(self, rig: SourceRig, dice: random.Random, life: Life, *, webhooks: bool) -> None:
        self.life = life
        self._rig, self._dice, self._webhooks = rig, dice, webhooks
        self._people = People(rig, dice)
        self._fate = _Fate()
        self._shared: dict[str, object] = {}
        self._elsewhere = 0
        self._expired = 0
        self._quiet = False  # a person approves the amendments that were too many at once
        rig.clock.sleep(15 * _DAY)  # sales are of September, and it is past their days

    def live(self) -> None:
        """Everything, and in the end three quiet days."""
        for _ in range(_STEPS):
            for _ in range(self._dice.choice((0, 1, 1, 2, 5))):
                self._people.act()
            self._webhooks_come()
            self._rig.clock.sleep(self._dice.choice((0.5, 1, 3, 30, 60, 3600, _DAY)))
            self._work()
        self._rig.faults.calm()
        self._fate = _Fate()
        self._webhooks_come()
        self._new_process()
        too_many, self._quiet = False, True
        for _ in range(3):
            self._rig.clock.sleep(90_000)
            with self._house() as house:
                result = self._sync(house)
            too_many = any(one.notices for one in result.extracted)
            self.life.wrong += [Verdict("wrong", f"in peace: {text}") for text in result.failures]
        self.life.wrong += verdicts(self._rig, self._people.records, gone_too_many=too_many)
        self.life.happened += self._people.did
        self.life.faults.update({fault.value: count for fault, count in self._rig.faults.hits.items()})

    def _work(self) -> None:
        """A process does its work, into which people may act at every call, and which may die."""
        work = self._dice.choices((self._sweep, self._sync_all, self._lane), (5, 3, 3))[0]
        if self._dice.random() < 0.25:
            self._fate.dies_in = self._dice.randint(0, self._dice.choice((8, 40, 120)))
        elif self._dice.random() < 0.35:
            self._fate.at_read, self._fate.then = self._dice.randint(0, 4), self._dice.randint(0, 2)
        expired, self._expired = self._people.did["expire_cursor"] > self._expired, self._people.did["expire_cursor"]
        if self._dice.random() < (0.5 if expired else 0.08):  # it is away for a while, from some page on
            away = [None] * self._dice.randint(0, 12) + [Fault.SERVER_ERROR] * 8
            self._rig.faults.order(away, "read")
        self._rig.each_call, self._rig.after_call = self._before_call, self._after_call
        try:
            with self._house() as house:
                work(house)
            self.life.happened[work.__name__.strip("_")] += 1
            self._fate.dies_in = self._fate.at_read = -1
        except DealbooksError as error:
            self.life.happened[type(error).__name__] += 1
            self._fate.dies_in = self._fate.at_read = -1
        except Died:
            self.life.kills += 1
            self._fate = _Fate()
            self._new_process()
        finally:
            self._rig.each_call = self._rig.after_call = lambda: None

    def _before_call(self) -> None:
        self._fate.step()
        self._rig.clock.sleep(0.05)  # a call takes time
        if self._dice.random() < 0.1:
            self._people.act()
        if self._dice.random() < 0.006 and not self._elsewhere:
            self._stopped()

    def _after_call(self) -> None:
        """What was answered may be old before it is stored."""
        self._fate.step()
        if self._dice.random() < 0.015 and not self._elsewhere:
            for _ in range(3):
                self._people.act()
            self._stopped()

    def _stopped(self) -> None:
        """The process is stopped for longer than its lease holds, and another one does everything meanwhile."""
        self._elsewhere += 1
        self.life.happened["taken over"] += 1
        self._rig.clock.sleep(self._dice.choice((31, 120, 4000)))
        fate, self._fate = self._fate, _Fate()
        after, self._rig.after_call = self._rig.after_call, lambda: None
        mine = getattr(self._rig, "source", None)
        self._rig.restart()
        config = load_config(self._rig.shop.config_file)
        try:
            with House.open(config, actor="other", clock=self._rig.clock) as house:
                self._furnish(house)
                self._sync(house)
        finally:
            if mine is not None:
                self._rig.source = mine
            self._fate, self._rig.after_call = fate, after
            self._elsewhere -= 1

    # -- what a process does ---------------------------------------------------------------------------------------

    def _sweep(self, house: House) -> None:
        extract(house, SOURCE, batch_rows=self._dice.choice((2, 1000)))

    def _sync_all(self, house: House) -> None:
        self._sync(house)

    def _sync(self, house: House) -> SyncResult:
        return sync(house, approve=held_deals(house, _BOOK) if self._quiet else ())

    def _lane(self, house: House) -> None:
        """What webhooks told is read again and carried into the books, without a sweep."""
        taken = take_events(house, limit=self._dice.choice((3, 500)))
        keys = [key for source, key in taken.read_again if source == SOURCE]
        if keys:
            take_some(house, SOURCE, keys)
        result = SyncResult()
        take_batches(house, SOURCE, result)
        transform(house, _BOOK)
        load(house, _BOOK)

    # -- processes -------------------------------------------------------------------------------------------------

    @contextmanager
    def _house(self) -> Iterator[House]:
        with self._rig.shop.open() as house:
            self._furnish(house)
            yield house

    def _furnish(self, house: House) -> None:
        """The process's own source, its store that it may die at, and what all processes read from files alike."""
        if getattr(house, "furnished", None) is self._fate:
            return
        house.__dict__["furnished"] = self._fate
        house.__dict__["validator"] = self._rig.shop.validator
        house.store = _Store(house.store, self._fate)
        for name in _SHARED:
            setattr(house, name, self._shared.setdefault(name, getattr(house, name)))
        wrapped = self._rig.wrapped(house) if isinstance(self._rig, Files) else self._rig.source
        house._sources[SOURCE] = wrapped

    def _new_process(self) -> None:
        """Nothing is remembered."""
        self._rig.shop.close()
        self._rig.restart()

    def _webhooks_come(self) -> None:
        """Some are lost, some come up to five times, in any order, some later."""
        waiting, self._people.told = self._people.told, []
        if not self._webhooks or isinstance(self._rig, Files):
            return
        self._dice.shuffle(waiting)
        coming: list[tuple[str, int]] = []
        for one in waiting:
            fate = self._dice.random()
            if fate < 0.3:
                self.life.happened["webhook lost"] += 1
            elif fate < 0.5:
                self._people.told.append(one)
            else:
                coming += [one] * self._dice.choice((1, 1, 2, 5))
        self._dice.shuffle(coming)
        hints = [told("deal.updated", key=f"e{number}", deal=key) for key, number in coming]
        self.life.happened["webhook"] += len(hints)
        if hints:
            arrives(self._rig.shop, SOURCE, *hints)
