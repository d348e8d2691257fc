"""Outboxes full of deals for the kill tests of ledgers over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim_deals import TAKES_BACK, case_of, postings_of
from sim_worlds import BOOK, World

from dealbooks.ledger import Ledger, Posting
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.store import Store
from sandbox.kit import SandboxTransport

_KINDS = (("G13",), ("G10", "G11"), ("G14",), ("G12",), ("G09",))
_DAY = 86_400.0


def deals_of(seed: int) -> list[dict[str, Any]]:
    """The deals of a seed: one that is financed, two of one customer, one that is amended, and so on."""
    kinds = _KINDS[seed % len(_KINDS)]
    return [case_of(kind, 10 * seed + number, seed) for number, kind in enumerate(kinds, 1)]


def fill(store: Store, folder: Path, world: World, cases: Sequence[Mapping[str, Any]]) -> None:
    """Put the postings of deals into the outbox. What is amended was posted before, in peace; what is left in the
    outbox takes it back."""
    ledger = world.connect(store, folder, SandboxTransport(world.platform))
    world.clock.sleep(_DAY)  # the platform's lists are nothing new
    world.consent(ledger)
    before, after = [], []
    for case in cases:
        found = postings_of(json.dumps({name: case[name] for name in ("deal", "deal_amended") if name in case}))
        cut = next((at for at, one in enumerate(found) if one.entry.event in TAKES_BACK), 0)
        before.append(found[:cut])
        after.append(found[cut:])
    if any(before):
        _put(store, ledger, before)
        assert Drain(store, BOOK, ledger).run().clean
    _put(store, ledger, after)
    world.clock.sleep(_DAY)


def _put(store: Store, ledger: Ledger, deals: Sequence[Sequence[Posting]]) -> None:
    for some in deals:
        back = tuple(one.key for one in some if one.entry.event in TAKES_BACK)
        planned = [Planned(one, ledger.effects(one), back if one.entry.event == "sale.posted" else ()) for one in some]
        with store.transaction("test", "enqueue") as tx:
            enqueue(tx, ledger, planned)
