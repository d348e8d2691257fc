"""What the ledger lacks is told before anything is sent: the line of the chart, the book, and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conformance.deals import BOOK, postings_of
from conformance.rig import Rig

from dealbooks.book import Chart
from dealbooks.errors import ConfigError


def refused(rig: Rig) -> str:
    """Why a sale cannot be planned; nothing of it is sent."""
    before = rig.standing()
    rig.reconnect()
    with pytest.raises(ConfigError) as error:
        rig.put(*postings_of("G10"))
    assert rig.rows() == []
    assert rig.standing() == before
    assert error.value.fix
    return error.value.words


@pytest.mark.parametrize("what", ["account", "tax", "tracking"])
def test_what_is_missing_in_the_ledger_is_named_with_its_place_and_book(rig: Rig, what: str) -> None:
    words = rig.drop(what)
    told = refused(rig)
    assert [word for word in (*words, BOOK) if word not in told] == []


def test_a_role_that_the_chart_lacks_is_named_with_its_book(rig: Rig) -> None:
    roles = {role: account for role, account in rig.chart.roles.items() if role != "inventory.used_vehicle"}
    rig.book = replace(rig.book, chart=Chart(name="short", roles=roles))
    told = refused(rig)
    assert "inventory.used_vehicle" in told
    assert BOOK in told


def test_what_is_missing_is_looked_up_again_once_it_is_there(rig: Rig) -> None:
    whole = rig.book
    roles = {role: account for role, account in rig.chart.roles.items() if role != "inventory.used_vehicle"}
    rig.book = replace(rig.book, chart=Chart(name="short", roles=roles))
    refused(rig)
    rig.book = whole
    rig.reconnect()
    rig.put(*postings_of("G10"))
    assert rig.drain().clean
    assert rig.balances() == rig.wanted("G10")
