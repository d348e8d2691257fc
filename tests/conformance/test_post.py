"""Every kind of document and journal of the golden cases, through the outbox, to the cent on every account."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from conformance.deals import currency_of, data_of, postings_of
from conformance.rig import Rig, Unable
from conformance.table import RIGS


def test_a_case_stands_in_the_ledger_as_its_entries_say(
    make: Callable[..., Rig], mode: str, case: str, ledger: str, region: str
) -> None:
    rig = make(region, **RIGS[ledger].modes[mode])
    if currency_of(case) != data_of(case)["deal"]["currency"] and not rig.foreign:
        raise Unable("it is kept in one currency")
    rig.put(*postings_of(case))
    result = rig.drain()
    assert rig.open() == {}
    assert result.clean
    held, wanted = rig.balances(), rig.wanted(case)
    off = rig.rates_off_by if currency_of(case) != data_of(case)["deal"]["currency"] else Decimal(0)
    nil = Decimal(0)
    wrong = {number for number in held.keys() | wanted if abs(held.get(number, nil) - wanted.get(number, nil)) > off}
    assert {number: (held.get(number), wanted.get(number)) for number in wrong} == {}
    written = rig.written()
    rig.reconnect()
    assert rig.drain().posted == 0
    assert rig.written() == written


def test_a_ledger_in_order_has_no_problems(rig: Rig) -> None:
    assert rig.ledger.problems() == []


def test_effects_are_the_same_when_they_are_asked_for_again(rig: Rig) -> None:
    rig.ledger.get_ready()
    for posting in postings_of("G14"):
        found = rig.ledger.effects(posting)
        rig.reconnect()
        assert rig.ledger.effects(posting) == found
        names = [effect.name for effect in found]
        assert len(set(names)) == len(names) >= 1
        for place, effect in enumerate(found):
            assert set(effect.depends_on) <= set(names[:place])
    assert rig.standing() == {}


def test_nothing_is_said_without_its_exchange(rig: Rig) -> None:
    rig.put(*postings_of("G11"))
    rig.drain()
    said = rig.ledger.exchanges()
    assert said == [], "what was said while draining is kept in the store"
    assert bool(rig.exchanges()) == rig.over_http
