"""The simulation notices an outbox that is broken on purpose. The platform here remembers no keys, so that nothing but
the outbox stands between a fault and the books; unbroken, the outbox passes every seed there. Only customers have
something unique on it: what doubles them is tried on Odoo, where nothing is."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sim_life import live
from sim_sabotage import SABOTAGES

_LEDGER, _MOST = "xero-keyless", 1000
_ELSEWHERE = {"subject_ignored": "odoo", "woken_unaware": "odoo"}
_WRONG = {"lost", "doubled", "wrong amount", "doubled customer"}
_QUICK = ("no_look_up", "random_key", "fencing_ignored", "subject_ignored")


def caught(seeds: Iterable[int], ledger: str = _LEDGER) -> int:
    """The first seed in whose history a deal or a customer is lost, doubled or wrong; 0: none."""
    return next((seed for seed in seeds if _WRONG & {verdict.wrong for verdict in live(ledger, seed).wrong}), 0)


@pytest.mark.parametrize("sabotage", _QUICK)
def test_a_sabotage_is_caught(sabotage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    SABOTAGES[sabotage](monkeypatch)
    assert caught(range(1, _MOST + 1), _ELSEWHERE.get(sabotage, _LEDGER))


@pytest.mark.long
@pytest.mark.parametrize("sabotage", sorted(set(SABOTAGES) - set(_QUICK)))
def test_every_other_sabotage_is_caught(sabotage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    SABOTAGES[sabotage](monkeypatch)
    assert caught(range(1, _MOST + 1), _ELSEWHERE.get(sabotage, _LEDGER))


def test_there_are_ten_and_the_unbroken_outbox_passes_where_they_are_caught() -> None:
    assert len(SABOTAGES) >= 10
    lives = [live(_LEDGER, seed) for seed in range(1, 6)]
    assert not [str(life) for life in lives if not life.good]


@pytest.mark.long
def test_the_unbroken_outbox_passes_many_seeds_without_keys() -> None:
    assert caught(range(1, 126)) == 0
