"""Writes that are all answered by a time-out after they were done: nothing may be there twice, nothing missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import sim_deals
import sim_store
from sim_checker import Source, Verdict, check, source_of
from sim_life import SETTLING
from sim_worlds import ALL, BOOK
from sqlalchemy import func, select

from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.store import Store
from dealbooks.store.tables import effects
from sandbox.kit import Fault, FaultPlan, SandboxTransport

_DEALS = ("G09", "G10", "G11", "G12", "G13")
_RUNS = 200


@dataclass(frozen=True)
class Endured:
    """What became of it: how many writes were answered by a time-out, and what is wrong."""

    timeouts: int
    deals: int
    wrong: tuple[Verdict, ...]
    states: Mapping[str, int]


def endure(name: str, writes: int, *, at_once: int = 50) -> Endured:
    """Post deals, some at once, until so many of their writes were answered by a time-out after they had been done."""
    world = ALL[name]()
    store = sim_store.new_store(world)
    ledger = world.connect(store, sim_store.home(), SandboxTransport(world.platform))
    world.clock.sleep(86_400.0)
    world.consent(ledger)
    sources: list[Source] = []
    plan = world.platform.faults = FaultPlan(0, {Fault.TIMEOUT_AFTER: 1.0})
    while plan.hits[Fault.TIMEOUT_AFTER] < writes:
        some = range(len(sources) + 1, len(sources) + 1 + at_once)
        cases = [sim_deals.case_of(_DEALS[number % len(_DEALS)], number, number) for number in some]
        planned = [
            Planned(one, ledger.effects(one))
            for case in cases
            for one in sim_deals.postings_of(json.dumps({"deal": case["deal"]}))
        ]
        with store.transaction("simulation", "enqueue") as tx:
            enqueue(tx, ledger, planned)
        sources += [source_of(case, world.codes) for case in cases]
        for _ in range(_RUNS):
            world.clock.sleep(1000.0)
            if Drain(store, BOOK, ledger).run().clean:
                break
    own = frozenset(world.codes[role] for role in SETTLING)
    wrong = tuple(check(world.held(), sources, own))
    return Endured(plan.hits[Fault.TIMEOUT_AFTER], len(sources), wrong, _states(store))


def _states(store: Store) -> dict[str, int]:
    with store.read() as conn:
        return {row[0]: row[1] for row in conn.execute(select(effects.c.state, func.count()).group_by(effects.c.state))}
