"""How much of what a platform's limits allow is used.

`python -m benchmarks.ledgers_ceiling LEDGER DEALS LOST HOW FOLDER`

Deals into a sandbox with the platform's real limits, in virtual time: a call takes a while of that time, as much the
same for everybody, and several are on their way at once as far as the platform allows it. HOW is `outbox` (the whole
of ours: enqueue, drain, read back) or `naive` (the same documents by the same number of threads, as fast as they can:
no budget, no key, no read-back; after 429 it waits as asked, or a second; what gets no answer is sent again). LOST is
after how many writes one is done and its answer lost; 0: none.
"""

from __future__ import annotations

import json
import random
import re
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from benchmarks.ledgers_clock import TogetherClock
from benchmarks.ledgers_deals import Stages, deals
from benchmarks.ledgers_naive import Hasty, post_all
from dealbooks.errors import StopConnection
from dealbooks.ledger import Posting
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from sandbox.kit import Platform, SandboxTransport

import sim_worlds  # isort: skip

BOOK = sim_worlds.BOOK
_WRITE, _READ = (0.4, 1.2), (0.2, 0.6)  # seconds that a call takes, at least and at most
_ON_THE_WAY = (0.03, 0.08)  # the part of it that passes before the platform counts the call
_PAUSE, _RUNS = 300.0, 3000  # between two runs of the outbox, as a deployment runs it; and how many at most
_KEYS = re.compile(r"\[dealbooks:([0-9a-f]{16,64})\]|^([0-9a-f]{20})(?: |$)")
_TEXTS = ("PrivateNote", "Reference", "Narration")
_PARTIES = {"Customer": "Notes", "Contact": "ContactNumber"}
_DAY, _TOO_MANY = 86_400.0, 429
_LEASE = 1e7  # held in real time, which hardly passes


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform allows: calls at once, and calls a second, minute, day (0: no such limit)."""

    at_once: int
    second: int
    minute: int
    day: int

    def least(self, calls: int) -> float:
        """The seconds in which so many calls can be begun at the earliest, never more of them than allowed in any
        window of time."""
        rest, seconds = calls - 1, 0.0
        for most, window in ((self.day, _DAY), (self.minute, 60.0), (self.second, 1.0)):
            if most:
                seconds += rest // most * window
                rest %= most
        return seconds


LIMITS = {"quickbooks": Limits(10, 10, 500, 0), "xero": Limits(5, 0, 60, 5000)}


@dataclass
class Wire(SandboxTransport):
    """The sandbox at the end of a line that takes time, and that loses an answer now and then."""

    platform: Platform
    clock: TogetherClock
    lost_each: int
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    lost: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.platform)
        self._dice = random.Random(1)
        self._writes = 0
        self._alone = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One call."""
        if "token" in request.url.path:
            return super().handle_request(request)
        writes = request.method != "GET"
        with self._alone:
            seconds, before = self._dice.uniform(*(_WRITE if writes else _READ)), self._dice.uniform(*_ON_THE_WAY)
        began = self.clock.now().timestamp()
        self.clock.sleep(before)
        response = super().handle_request(request)
        self.clock.sleep(seconds - before)
        with self._alone:
            self.statuses[response.status_code] += 1
            if response.status_code == _TOO_MANY:
                return response
            self.times.append(began)
            self.kinds[_kind(request)] += 1
            self._writes += writes and response.status_code == 200
            lose = writes and response.status_code == 200 and self.lost_each and self._writes % self.lost_each == 0
            self.lost += bool(lose)
        if lose:
            raise httpx.RemoteProtocolError("the answer is lost", request=request)
        return response


def _kind(request: httpx.Request) -> str:
    """`POST invoice`, `GET query`, ..."""
    parts = [part for part in request.url.path.split("/") if part and not re.search(r"\d", part)]
    return f"{request.method} {parts[-1] if parts else ''}"


def measure(name: str, count: int, lost_each: int, how: str, folder: Path) -> dict[str, Any]:
    """The figures of one run."""
    clock, limits = TogetherClock(), LIMITS[name]
    with ExitStack() as stack:
        stack.enter_context(patch.object(sim_worlds, "VirtualClock", lambda: clock))
        stack.enter_context(patch("blocks.ledgers.api.ledger.ThreadPoolExecutor", clock.pool))
        world = sim_worlds.ALL[name](limits.at_once)  # type: ignore[call-arg]
        store = Store(f"sqlite:///{folder / 'store.db'}", clock=clock)
        ensure(store)
        wire = Wire(world.platform, clock, lost_each)
        clock.sleep(_DAY)
        ledger: Any = world.connect(store, folder, wire)
        world.consent(ledger)
        ledger.get_ready()
        stages = deals(count)
        ledger.effects(stages.first[0][0])  # what is looked up once
        for counted in (wire.statuses, wire.kinds, wire.times):
            counted.clear()
        clock.sleep(_DAY)  # the windows are empty again
        if how == "naive":
            found = _naive(ledger, clock, limits, stages)
        else:
            found = _ours(store, ledger, clock, stages)
    return found | _figures(name, count, wire, world.platform)


def _ours(store: Store, ledger: Any, clock: TogetherClock, stages: Stages) -> dict[str, Any]:
    runs, states = 0, {}
    for some in (stages.first, stages.then):
        for postings in some:
            _plan(store, ledger, postings)
        for _ in range(_RUNS):
            runs += 1
            try:
                result = Drain(store, BOOK, ledger, lease_seconds=_LEASE).run()
            except StopConnection:
                clock.sleep(_PAUSE)
                continue
            states = dict(result.by_state)
            if result.clean:
                break
            clock.sleep(1.0)
    return {"runs": runs, "states": states}


def _plan(store: Store, ledger: Any, postings: Sequence[Posting]) -> None:
    takes_back = tuple(one.key for one in postings if one.entry.event in ("sale.reversed", "sale.unwound"))
    planned = [
        Planned(one, ledger.effects(one), takes_back if one.entry.event == "sale.posted" else ()) for one in postings
    ]
    with store.transaction("benchmark", "enqueue") as tx:
        enqueue(tx, ledger, planned)


def _naive(ledger: Any, clock: TogetherClock, limits: Limits, stages: Stages) -> dict[str, Any]:
    ledger.connection = Hasty(ledger.connection, clock)
    by_deal: dict[str, list[Posting]] = {}
    for postings in (*stages.first, *stages.then):
        by_deal.setdefault(postings[0].key.deal, []).extend(postings)
    refused: Counter[str] = Counter()
    clock.pool(limits.at_once).map(lambda postings: post_all(ledger, postings, refused), by_deal.values())
    return {"refused": sum(refused.values())}


def _figures(name: str, count: int, wire: Wire, platform: Platform) -> dict[str, Any]:
    limits, calls = LIMITS[name], len(wire.times)
    seconds = max(wire.times) - min(wire.times)
    days = [sum(1 for at in wire.times if day * _DAY <= at - min(wire.times) < (day + 1) * _DAY) for day in range(9)]
    first_day = [at for at in wire.times if at < min(wire.times) + _DAY / 2]
    within = Limits(limits.at_once, limits.second, limits.minute, 0).least(len(first_day))
    return {
        "ledger": name, "deals": count, "calls": calls, "calls_a_deal": round(calls / count, 2),
        "calls_by_kind": dict(wire.kinds.most_common()),
        "seconds": round(seconds), "least_seconds": limits.least(calls),
        "share": round(limits.least(calls) / seconds, 4), "days": [day for day in days if day],
        "share_in_first_day": round(within / (max(first_day) - min(first_day)), 4),
        "too_many": wire.statuses[_TOO_MANY], "lost_answers": wire.lost,
    } | _standing(platform)  # fmt: skip


def _standing(platform: Platform) -> dict[str, int]:
    """Documents that stand, and how many of them stand there more often than once."""
    keys: Counter[str] = Counter()
    parties: Counter[str] = Counter()
    for (kind, _), document in platform.log.standing().items():
        for key in _keys(document):
            keys[f"{kind} {key}"] += 1
        if kind in _PARTIES and document.get(_PARTIES[kind]):
            parties[str(document[_PARTIES[kind]])] += 1
    return {
        "documents": len(keys),
        "duplicates": sum(number - 1 for number in keys.values()),
        "duplicate_customers": sum(number - 1 for number in parties.values()),
    }


def _keys(document: Mapping[str, Any]) -> list[str]:
    found = [_KEYS.search(str(document.get(name) or "")) for name in _TEXTS]
    return [match.group(1) or match.group(2) for match in found if match]


if __name__ == "__main__":
    _name, _count, _lost, _how, _folder = sys.argv[1:]
    print(json.dumps(measure(_name, int(_count), int(_lost), _how, Path(_folder))))
