"""Events that lie, come from the wrong place or name the wrong deal: they post nothing, and a person is told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from events_support import SIGNED, arrives, deals_of, signed, states, told, with_hooks
from pipeline_support import Dealership, sale, vin_of, void
from sweep_support import FakeCrm, crm_shop

from dealbooks.config import HookConfig
from dealbooks.events import Hint
from dealbooks.pipeline.events_shown import attach, ignore
from dealbooks.pipeline.status import status
from dealbooks.pipeline.sweep import take_some
from dealbooks.store.db import stamp
from gateway.schemes import SCHEMES


def _waits(shop: Dealership) -> list[str]:
    return [words for one in shop.sync().transformed for _, words in one.waiting]


def _docusign(at: str) -> Hint:
    fields = {"textCustomFields": [{"name": "deal_ref", "value": "N-1"}]}
    summary = {"completedDateTime": at, "customFields": fields}
    body = {"event": "envelope-completed", "data": {"envelopeId": "e1", "envelopeSummary": summary}}
    hook = HookConfig(scheme="docusign", secrets=("connect-test-key",))
    return SCHEMES["docusign"].parse({}, json.dumps(body).encode(), hook).hints[0]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_does_not_stop_the_books(signing: Dealership, at: str) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", _docusign(at))
    assert signing.rows("events")[0]["occurred_at"] == ""
    assert signing.sync().exit_code == 0
    with signing.open() as house:
        assert status(house).books[0].not_ready == ()
    assert signing.deals()["N-1"]["state"] == "posted"


def test_a_time_that_an_earlier_version_stored_is_passed_over(signing: Dealership) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("N-1", "e1", at="1-01-01T00:00:00.000000Z"))
    assert signing.sync().exit_code == 0
    assert signing.deals()["N-1"]["state"] == "posted"


@pytest.mark.parametrize("days", [3, -500])
def test_a_sale_is_not_booked_on_a_day_far_from_it(signing: Dealership, days: int) -> None:
    signing.book["post_when"] = SIGNED | {"date": "signed"}
    signing.write_config()
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("N-1", at=stamp(signing.clock() + timedelta(days=days))))
    (words,) = _waits(signing)
    assert "a day that it can be booked on" in words
    with signing.open() as house:
        ignore(house, 1, who="Ann", why="its clock is wrong")
    arrives(signing, "esign", signed("N-1", key="again", at=stamp(signing.clock() - timedelta(days=1))))
    assert _waits(signing) == []
    assert signing.deals()["N-1"]["state"] == "posted"


def test_a_delivery_to_come_is_no_delivery(shop: Dealership) -> None:
    shop.book["post_when"] = {"all": ["completed", "delivered"]}
    shop.write_config()
    day = (shop.clock() + timedelta(days=40)).date().isoformat()
    shop.sales(12, sale(1, delivery_date=day))
    assert _waits(shop) == ["not ready: the car is delivered"]


@pytest.mark.parametrize("scheme", ["dropbox_sign", "adobe_sign"])
def test_what_no_signature_covers_counts_only_when_a_person_says_so(signing: Dealership, scheme: str) -> None:
    own = {"client_id": "C"} if scheme == "adobe_sign" else {"secrets": ["dbx-api-key"]}
    with_hooks(signing, weak={"scheme": scheme} | own)
    signing.sales(12, sale(1))
    arrives(signing, "weak", signed("N-1"))
    signing.sync()
    assert (states(signing), deals_of(signing), signing.entry_ids()) == (["review"], ["N-1"], [])
    assert "look at the contract" in signing.rows("events")[0]["note"]
    with signing.open() as house:
        attach(house, 1, "N-1", who="Ann", why="seen at the provider")
    signing.sync()
    assert signing.deals()["N-1"]["state"] == "posted"


def _south(shop: Dealership) -> None:
    """A second book with a source of its own."""
    shop.book["locations"] = {"LEEDS": {"dimension": "Leeds"}}
    shop.settings["sources"]["drop"]["books"] = {"LEEDS": "northgate"}
    shop.settings["books"]["south"] = shop.book | {
        "legal_entity": "SOUTH-LTD", "ledger": {"platform": "beancount", "path": "books/south"},
        "locations": {"KENT": {}}, "source_of_record": "other",
    }  # fmt: skip
    shop.settings["sources"]["other"] = {
        "platform": "csv_files", "path": "other", "map": "csv_files", "books": {"KENT": "south"},
    }  # fmt: skip
    (shop.folder / "other").mkdir()


def test_a_hook_names_no_deal_of_another_source(signing: Dealership) -> None:
    _south(signing)
    with_hooks(signing, esign={"source": "other"})
    signing.sales(12, sale(1))
    signing.sync()
    own_id = signing.deals()["N-1"]["id"]
    for ref in ("drop:LEEDS:N-1", "csv_files:LEEDS:N-1", "drop:N-1", own_id, f"csv:drop:LEEDS:{own_id}"):
        arrives(signing, "esign", signed(ref))
    signing.sync()
    assert (set(states(signing)), signing.entry_ids()) == ({"waiting"}, [])


def test_an_event_of_a_source_that_is_not_there_any_more_is_for_a_person(signing: Dealership) -> None:
    _south(signing)
    with_hooks(signing, esign={"source": "other"})
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("N-1"))
    signing.sync()
    sources = signing.settings["sources"]
    sources["kent"] = sources.pop("other")
    signing.settings["books"]["south"]["source_of_record"] = signing.settings["hooks"]["esign"]["source"] = "kent"
    signing.write_config()
    signing.sync()
    assert (states(signing), deals_of(signing), signing.entry_ids()) == (["review"], [None], [])
    assert "not in the settings" in signing.rows("events")[0]["note"]


def test_test_mode_is_of_the_time_when_an_event_came(signing: Dealership) -> None:
    with_hooks(signing, esign={"live": False})
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("N-1"))
    del signing.settings["hooks"]["esign"]
    signing.write_config()
    signing.sync()
    assert (signing.rows("events")[0]["test"], states(signing), signing.entry_ids()) == ("yes", ["ignored"], [])


def test_an_event_that_names_a_deal_to_come_is_not_given_to_its_car(signing: Dealership) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("N-9", "e9", text=f"Order form {vin_of(1)}"))
    signing.sync()
    assert (states(signing), signing.entry_ids()) == (["waiting"], [])
    signing.sales(20, void(1))
    signing.sync()
    again: dict[str, Any] = {"vin": vin_of(1), "stock_number": "U9"}
    day = dict.fromkeys(("sale_date", "delivery_date", "payment_date"), "2026-09-21")
    signing.sales(21, sale(9, **again, **day))
    signing.sync()
    assert deals_of(signing) == ["N-9"]


@pytest.mark.parametrize("settings", [{}, {"store_numbers": True}], ids=["by default", "as set"])
def test_a_number_without_its_store_is_for_a_person_where_there_are_several_stores(
    signing: Dealership, settings: dict[str, Any]
) -> None:
    signing.settings["events"] = settings
    with_hooks(signing)
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("N-1"), signed("drop:N-1"), signed("drop:LEEDS:N-1"))
    signing.sync()
    assert (states(signing), deals_of(signing)) == (["review", "review", "matched"], ["N-1"] * 3)
    note = signing.rows("events")[0]["note"]
    assert "N-1 of northgate, LEEDS (D" in note and "one of YORK" in note and "store_numbers: false" in note


def test_a_number_found_in_words_is_for_a_person_where_there_are_several_stores(signing: Dealership) -> None:
    signing.settings["events"] = {}
    with_hooks(signing, esign={"reference": r"DEAL ([A-Z0-9-]+)"})
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed(text="the contract of DEAL N-1"))
    signing.sync()
    assert (states(signing), deals_of(signing), signing.entry_ids()) == (["review"], ["N-1"], [])


def test_a_number_without_its_store_is_clear_where_one_store_is_all_there_is(signing: Dealership) -> None:
    signing.settings["events"] = {}
    signing.book["locations"] = {"LEEDS": {"dimension": "Leeds"}}
    signing.settings["sources"]["drop"]["books"] = {"LEEDS": "northgate"}
    with_hooks(signing)
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("N-1"))
    signing.sync()
    assert (states(signing), deals_of(signing)) == (["matched"], ["N-1"])


def test_a_number_may_be_of_another_book_unless_its_webhook_says_which(signing: Dealership) -> None:
    _south(signing)
    signing.settings["events"] = {}
    with_hooks(signing, ours={"source": "drop"})
    signing.sales(12, sale(1), sale(2))
    arrives(signing, "esign", signed("N-1"))
    arrives(signing, "ours", signed("N-2"))
    signing.sync()
    assert (states(signing), deals_of(signing)) == (["review", "matched"], ["N-1", "N-2"])
    assert "one of KENT (south)" in signing.rows("events")[0]["note"]


def test_two_sources_of_one_store_number_by_themselves_where_the_number_is_not_the_identity(
    signing: Dealership,
) -> None:
    signing.settings["events"] = {}
    signing.book["locations"] = {"LEEDS": {"dimension": "Leeds"}}
    drop = signing.settings["sources"]["drop"] | {"books": {"LEEDS": "northgate"}}
    signing.settings["sources"] |= {"drop": drop, "dms": drop | {"path": "dms"}}
    signing.book["source_of_record"] = "drop"
    with_hooks(signing)
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("N-1", key="a"))
    signing.sync()
    assert states(signing) == ["matched"]  # by its policy the same number is the same sale, whoever tells of it
    signing.book["identity"] = "vin_customer_date"
    signing.write_config()
    arrives(signing, "esign", signed("N-1", key="b"), signed("drop:N-1", key="c"))
    signing.sync()
    assert states(signing) == ["matched", "review", "matched"]
    assert "one of LEEDS that dms tells of" in signing.rows("events")[1]["note"]


def test_a_sale_that_is_called_off_and_cannot_be_read_again_is_for_a_person(shop: Dealership) -> None:
    with_hooks(shop)
    shop.sales(12, sale(1))
    arrives(shop, "ours", told("deal.voided", "drop:LEEDS:N-1"))
    shop.sync()
    assert (states(shop), deals_of(shop), shop.deals()["N-1"]["state"]) == (["review"], ["N-1"], "posted")


def test_an_envelope_is_of_the_deal_that_was_said_last(signing: Dealership) -> None:
    signing.sales(12, sale(1), sale(2))
    arrives(signing, "esign", signed("", "e1"))
    signing.sync()
    with signing.open() as house:
        attach(house, 1, "N-2", who="Ann", why="seen")
    signing.sync()
    with signing.open() as house:
        note = attach(house, 1, "N-1", who="Ann", why="I was wrong").note
    assert "N-2, whose sale is posted" in note
    arrives(signing, "esign", signed("", "e1", key="second"))
    signing.sync()
    assert deals_of(signing) == ["N-1", "N-1"]
    for number in ("N-2", "N-1"):
        with signing.open() as house:
            attach(house, 1, number, who="Ann", why="no, that one")
    arrives(signing, "esign", signed("", "e1", key="third"))
    signing.sync()
    assert deals_of(signing) == ["N-1"] * 3
    signing.sound()


def test_hints_take_nothing_back_when_a_source_is_empty_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = FakeCrm()
    shop = crm_shop(tmp_path / "shop", monkeypatch, crm)
    keys = [f"{number:03d}" for number in range(1, 13)]
    for number, key in enumerate(keys, start=1):
        crm.save(key, sale(number))
    crm.clock.forward(60)
    shop.sync()
    kept = dict(crm.held)
    crm.held.clear()
    with shop.open() as house:
        few = [take_some(house, "crm", keys[at : at + 4]).swept for at in range(0, 12, 4)]
    assert [one.gone for one in few] == [4, 0, 0]
    assert "not believed" in few[-1].notices[0]
    shop.sync()
    assert len(shop.reasons()) == 4
    crm.held.update(kept)
    crm.clock.forward(2 * 86_400)
    shop.sync()  # they are there as they were, so no change is told
    assert shop.reasons() == {}
    assert {row["state"] for row in shop.deals().values()} == {"posted"}
    shop.close()
