"""Events find their deals: early, late, never; told of a test, by a person, by a source; and only its own source says
what gets posted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_support import Cli
from events_support import SIGNED, arrives, deals_of, signed, states, taken, told, with_hooks
from fastapi.testclient import TestClient
from gateway_support import made
from pipeline_support import Dealership, posted, sale, vin_of
from sqlalchemy import select
from sweep_support import FakeCrm, crm_shop

from dealbooks.canonical import canonical_json
from dealbooks.config import load_config
from dealbooks.errors import UsageError
from dealbooks.pipeline import events as events_module
from dealbooks.pipeline.events_shown import attach, ignore, listed, show
from dealbooks.pipeline.status import status
from dealbooks.pipeline.sync import sync
from dealbooks.pipeline.trace import trace
from dealbooks.store.audit import verify
from dealbooks.store.tables import events
from gateway.app import create_app
from gateway.schemes import SCHEMES

DAY = 86_400


def test_a_signed_envelope_goes_from_the_gateway_into_the_books_once(signing: Dealership) -> None:
    signing.sales(12, sale(1))
    assert signing.sync().loaded[0].posted == 0
    fields = [{"name": "deal_ref", "value": "drop:LEEDS:N-1"}]
    summary = {"completedDateTime": "2026-09-15T10:00:00Z", "customFields": {"textCustomFields": fields}}
    body = {"event": "envelope-completed", "data": {"envelopeId": "e-1", "envelopeSummary": summary}}
    headers, sent = made("docusign", canonical_json(body).encode())
    with TestClient(create_app(load_config(signing.config_file), clock=signing.clock)) as gateway:
        assert gateway.post("/hooks/esign", content=sent.replace(b"N-1", b"N-2"), headers=headers).status_code == 401
        assert {gateway.post("/hooks/esign", content=sent, headers=headers).status_code for _ in range(5)} == {202}
    assert signing.sync().events.matched == 1
    assert posted(signing) == {"N-1"}
    (event,) = signing.rows("events")
    assert (event["rule"], event["occurred_at"][:10]) == ("reference", "2026-09-15")
    signing.sound()


# -- finding the deal ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["drop:LEEDS:N-1", "csv_files:LEEDS:N-1", "drop:N-1", "N-1"])
def test_a_deal_is_posted_when_its_signature_is_told(any_shop: Dealership, ref: str) -> None:
    shop = any_shop
    shop.book["post_when"] = SIGNED
    with_hooks(shop)
    shop.sales(12, sale(1), sale(2))
    result = shop.sync()
    assert result.exit_code == 0
    assert dict(result.transformed[0].waiting)["N-1"] == "not ready: the customer has signed"
    assert posted(shop) == set()
    arrives(shop, "esign", signed(ref))
    assert shop.sync().events.books == ("northgate",)
    assert posted(shop) == {"N-1"}
    shop.sound()


def test_an_early_event_waits_for_its_deal(signing: Dealership) -> None:
    arrives(signing, "esign", signed("drop:LEEDS:N-1", envelope="e-1"))
    assert signing.sync().events.waiting == 1
    assert states(signing) == ["waiting"]
    signing.sales(12, sale(1))
    result = signing.sync()
    assert (result.events.matched, result.events.waiting) == (1, 0)
    assert posted(signing) == {"N-1"}
    signing.sound()


def test_the_same_number_in_two_stores_is_for_a_person(signing: Dealership) -> None:
    signing.sales(12, sale(1), sale(2, deal_number="N-1", store_code="YORK"))
    arrives(signing, "esign", signed("N-1"), signed("drop:YORK:N-1"))
    result = signing.sync()
    assert (result.events.review, result.events.matched) == (1, 1)
    assert states(signing) == ["review", "matched"]
    with signing.open() as house:
        (first,) = listed(house)
        assert first.note.startswith("it may be about N-1 of northgate (D")
        assert status(house).events == {"review": 1}
    assert {row["location"] for row in signing.rows("deals") if row["state"] == "posted"} == {"YORK"}


def test_words_of_an_event_find_its_deal_only_where_one_fits(shop: Dealership) -> None:
    with_hooks(shop, esign={"reference": r"DEAL[- ]?([A-Z0-9-]{3,20})"})
    shop.sales(12, sale(1), sale(2))
    shop.sync()
    arrives(
        shop, "esign", signed(text="Contract DEAL N-1"), signed(text=f"car {vin_of(2)}"),
        signed(text="DEAL N-1 and DEAL N-2"), signed(text="Octavia, 2026, 10000"),
    )  # fmt: skip
    taken(shop)
    assert states(shop) == ["matched", "matched", "review", "waiting"]
    assert deals_of(shop)[:2] == ["N-1", "N-2"]
    assert [row["rule"] for row in shop.rows("events")] == ["words", "car", "words", None]


def test_an_envelope_is_known_by_an_earlier_event_or_by_the_deals_record(shop: Dealership) -> None:
    with_hooks(shop)
    arrives(shop, "esign", signed(envelope="e-1", key="a"), signed("drop:N-1", envelope="e-1"), signed(envelope="e-2"))
    assert taken(shop).waiting == 3
    shop.sales(12, sale(1), sale(2, esign_envelope_id="e-2"))
    shop.sync()
    assert deals_of(shop) == ["N-1", "N-1", "N-2"]
    assert [row["rule"] for row in shop.rows("events")] == ["object", "reference", "object"]


def test_a_hook_tells_only_about_the_books_of_its_source(shop: Dealership) -> None:
    shop.settings["books"]["south"] = shop.book | {
        "legal_entity": "SOUTH-LTD", "ledger": {"platform": "beancount", "path": "books/south"},
        "locations": {"KENT": {}}, "source_of_record": "other", "post_when": SIGNED,
    }  # fmt: skip
    shop.settings["sources"]["other"] = {
        "platform": "csv_files", "path": "other", "map": "csv_files", "books": {"KENT": "south"},
    }  # fmt: skip
    with_hooks(shop, esign={"source": "other"})
    (shop.folder / "other").mkdir()
    shop.sales(12, sale(1))
    shop.sync()
    arrives(shop, "esign", signed("N-1"), signed(text=f"car {vin_of(1)}"))
    assert (taken(shop).waiting, states(shop)) == (2, ["waiting", "waiting"])


# -- a person ------------------------------------------------------------------------------------------------------


def test_an_event_without_a_deal_is_shown_attached_and_counts(signing: Dealership) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed(text="Thackray contract", envelope="e-9"), signed(text="more", envelope="e-8"))
    signing.sync()
    with signing.open() as house:
        assert [(one.id, one.state, one.names) for one in listed(house)] == [
            (1, "waiting", "envelope e-9"), (2, "waiting", "envelope e-8"),
        ]  # fmt: skip
        assert status(house).events == {"waiting": 2}
        with pytest.raises(UsageError, match="not said who"):
            attach(house, 1, "N-1", who="", why="seen on paper")
        with pytest.raises(UsageError, match="No deal is called N-7"):
            attach(house, 1, "N-7", who="Ann Lee", why="seen on paper")
        with pytest.raises(UsageError, match="no event 3"):
            ignore(house, 3, who="Ann Lee", why="seen on paper")
        assert attach(house, 1, "N-1", who="Ann Lee", why="seen on paper").deal == "N-1"
        with pytest.raises(UsageError, match="attached to N-1 already"):
            attach(house, 1, "N-1", who="Ann Lee", why="seen on paper")
        ignore(house, 2, who="Ann Lee", why="a test contract")
        assert listed(house) == []
        assert [one.state for one in listed(house, everything=True)] == ["matched", "ignored"]
    signing.sync()
    assert posted(signing) == {"N-1"}
    with signing.open() as house:
        told_of = [one for one in trace(house, "N-1").moments if one.kind == "event"]
    assert [one.text for one in told_of] == ["esign told: the customer has signed"]
    assert told_of[0].details == ("event 1, matched: a person said so", "attached by Ann Lee: seen on paper")
    assert any(row["actor"] == "Ann Lee" and "seen on paper" in row["action"] for row in signing.rows("audit"))
    signing.sound()


def test_what_was_attached_tells_of_what_else_waits(signing: Dealership) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed(envelope="e-9", key="a"), signed(envelope="e-9", key="b"))
    signing.sync()
    with signing.open() as house:
        attach(house, 2, "N-1", who="Ann Lee", why="seen on paper")
    assert taken(signing).matched == 1
    assert deals_of(signing) == ["N-1", "N-1"]


def test_the_commands_show_attach_and_ignore(signing: Dealership) -> None:
    cli = Cli(signing.folder)
    signing.sales(12, sale(1))
    arrives(signing, "pay", told("payment.received", amount="10000.00", currency="GBP", text="Harriet Thackray"))
    arrives(signing, "esign", signed(envelope="e-9"))
    assert "Events without a deal, or for a person: 0" in cli.run("events").stdout
    signing.sync()
    assert [(one["id"], one["state"], one["deal"]) for one in cli.json("events")] == [
        (1, "waiting", ""), (2, "waiting", ""),
    ]  # fmt: skip
    assert "dealbooks events attach NUMBER DEAL --who NAME --why TEXT" in cli.run("events").stdout
    assert "Events: 2 wait for their deal. 'dealbooks events' shows them." in cli.run("status").stdout
    assert "posted when" in cli.run("status").stdout
    shown = cli.run("events", "show", "1").stdout
    assert "Deals with this amount, currency and payer" in shown
    assert "dealbooks events attach 1 DEAL" in shown
    assert cli.run("events", "show", "9").exit_code == 2
    assert cli.run("events", "attach", "2", "N-1").exit_code == 2
    who = ("--who", "Ann Lee", "--why", "contract seen on paper")
    assert "Event 2 is attached to N-1 of northgate." in cli.run("events", "attach", "2", "N-1", *who).stdout
    assert cli.json("events", "ignore", "1", *who)["note"] == "ignored by Ann Lee: contract seen on paper"
    assert cli.json("events") == []
    assert "attach" not in cli.run("events", "--all").stdout.replace("attached by", "")
    assert len(cli.json("events", "--all")) == 2
    assert cli.json("trace", "N-1")["waits_for"] == []
    signing.sync()
    assert posted(signing) == {"N-1"}


def test_money_that_was_lost_is_for_a_person_even_when_its_deal_is_known(shop: Dealership) -> None:
    with_hooks(shop)
    shop.sales(12, sale(1))
    shop.sync()
    books = shop.files()
    arrives(shop, "pay", told("payment.lost", "drop:N-1", amount="500.00", currency="GBP", charge="ch_1"))
    result = shop.sync()
    assert (result.events.review, result.events.payments) == (1, ())
    assert deals_of(shop) == ["N-1"]
    assert shop.files() == books
    with shop.open() as house:
        assert attach(house, 1, "N-1", who="Ann Lee", why="refunded, entered by hand").state == "matched"
    assert (shop.sync().events.payments, shop.files()) == ((), books)


def test_a_payment_suggests_deals_and_is_given_to_none(shop: Dealership) -> None:
    with_hooks(shop)
    shop.sales(12, sale(1), sale(2, customer_name="Ann Lee"), sale(3, price="500.00"))
    body = json.dumps({"data": {"object": {"billing_details": {"name": "H THACKRAY"}}}})
    arrives(
        shop, "pay",
        told("payment.received", amount="10000.00", currency="GBP", body=body, at="2026-09-12T10:00:00.000000Z"),
    )  # fmt: skip
    shop.sync()
    assert states(shop) == ["waiting"]
    with shop.open() as house:
        found = show(house, 1)
    assert [one.number for one in found.suggested] == ["N-1"]
    assert found.as_json()["suggested"][0]["customer"] == "Harriet Thackray"


def test_a_payment_is_to_be_read_until_it_was(shop: Dealership) -> None:
    with_hooks(shop)
    shop.sales(12, sale(1))
    arrives(shop, "pay", told("payment.received", "drop:N-1", payment_intent="pi_1"))
    assert taken(shop).payments == ()
    with shop.open() as house:
        assert sync(house, post=False).events.payments == (1,)
        assert events_module.take_events(house).payments == (1,)
        with house.store.transaction("test", "read it") as tx:
            tx.change("events", [(row, {"read_at": tx.at}) for row in tx.rows(select(events))])
        assert events_module.take_events(house).payments == ()
        with pytest.raises(UsageError, match="read at its provider already"):
            attach(house, 1, "N-1", who="Ann Lee", why="why not")
        assert verify(house.store).intact


# -- waiting, and not for ever ---------------------------------------------------------------------------------------


def test_an_event_waits_as_long_as_is_set_and_is_then_set_aside(signing: Dealership) -> None:
    signing.settings["events"] = {"keep_days": 10}
    signing.write_config()
    arrives(signing, "esign", signed("drop:N-1"))
    signing.sync()
    signing.clock.forward(11 * DAY)
    signing.sync()
    assert states(signing) == ["expired"]
    signing.sales(12, sale(1))
    signing.sync()
    assert posted(signing) == set()
    with signing.open() as house:
        assert [(one.state, one.note) for one in listed(house)] == [("expired", "no deal came in 10 days")]
        attach(house, 1, "N-1", who="Ann Lee", why="the deal came late")
    signing.sync()
    assert posted(signing) == {"N-1"}


# -- test mode -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ['{"data":{"object":{"livemode":false}}}', '{"signature_request":{"test_mode":true}}'])
def test_what_a_test_mode_tells_counts_for_no_live_book(signing: Dealership, body: str) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("drop:N-1", body=body))
    assert signing.sync().events.ignored == 1
    assert posted(signing) == set()
    with_hooks(signing, esign={"live": False})
    arrives(signing, "esign", signed("drop:N-1", key="other"))
    assert signing.sync().events.ignored == 1
    assert (states(signing), posted(signing)) == (["ignored", "ignored"], set())
    with signing.open() as house:
        assert next(one.note for one in listed(house, everything=True)).endswith("test mode, and northgate is live")
        with pytest.raises(UsageError, match="test mode"):
            attach(house, 1, "N-1", who="Ann Lee", why="to try it")
    arrives(signing, "ours", signed("drop:N-1", key="live"))
    signing.sync()
    assert posted(signing) == {"N-1"}


def test_a_sample_touches_nothing(signing: Dealership) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("dealbooks-sample"))
    assert signing.sync().events == events_module.TakenEvents()
    assert states(signing) == ["sample"]
    signing.sound()


# -- sources over an API -----------------------------------------------------------------------------------------------


@pytest.fixture
def crm() -> FakeCrm:
    return FakeCrm()


@pytest.fixture
def api_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crm: FakeCrm) -> Iterator[Dealership]:
    shop = crm_shop(tmp_path / "shop", monkeypatch, crm)
    with_hooks(shop, crm={"scheme": "signed", "secrets": ["gateway-secret-02"], "source": "crm"})
    yield shop
    shop.close()


def test_all_webhooks_of_a_day_dropped_and_one_sweep_posts_all(api_shop: Dealership, crm: FakeCrm) -> None:
    for number in range(1, 8):
        crm.save(f"{number}", dict(sale(number)))
    crm.clock.forward(DAY)
    assert api_shop.sync().exit_code == 0
    assert posted(api_shop) == {f"N-{number}" for number in range(1, 8)}
    assert api_shop.rows("events") == []


def test_an_event_of_a_source_says_which_record_to_read_again(api_shop: Dealership, crm: FakeCrm) -> None:
    arrives(
        api_shop, "crm", told("deal.completed", deal="1"), told("deal.updated", deal="1"),
        told("deal.updated", deal="2"), signed("crm:2"),
    )  # fmt: skip
    found = taken(api_shop)
    assert (found.waiting, found.read_again) == (4, (("crm", "1"), ("crm", "2")))
    assert taken(api_shop).read_again == ()
    crm.save("1", dict(sale(1)))
    crm.save("2", dict(sale(2)))
    crm.clock.forward(60)
    api_shop.sync()
    assert deals_of(api_shop) == ["N-1", "N-1", "N-2", "N-2"]


def test_a_record_that_is_no_sale_is_not_waited_for_long(api_shop: Dealership, crm: FakeCrm) -> None:
    arrives(api_shop, "crm", told("deal.updated", deal="1"), signed("crm:1"))
    api_shop.sync()
    crm.clock.forward(2 * DAY)
    api_shop.sync()
    assert states(api_shop) == ["ignored", "waiting"]


def test_an_invoice_of_odoo_names_its_order(shop: Dealership) -> None:
    with_hooks(shop, odoo={"scheme": "odoo", "secrets": ["9f2c7e41-9f2c7e41"], "source": "drop"})
    shop.sales(12, sale(1))
    shop.sync()
    move = {"_model": "account.move", "_id": 7, "state": "posted", "invoice_origin": "N-1", "write_date": "2026-09-14"}
    credit = move | {"_id": 8, "move_type": "out_refund"}
    with shop.open() as house:
        hook = house.config.hooks["odoo"]
    for body in (move, credit):
        arrives(shop, "odoo", *SCHEMES["odoo"].parse({}, canonical_json(body).encode(), hook).hints)
    taken(shop)
    assert deals_of(shop) == ["N-1"]
