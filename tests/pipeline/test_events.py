"""Events find their deals: early, late, doubled, reordered, never; and only what their own source says gets posted."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cli_support import Cli
from events_support import arrives, deals_of, signed, states, taken, told, with_hooks
from fastapi.testclient import TestClient
from gateway_support import made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipeline_support import Dealership, sale, vin_of
from sqlalchemy import select
from sweep_support import FakeCrm, crm_shop

from dealbooks.canonical import canonical_json
from dealbooks.config import load_config
from dealbooks.errors import ConfigError, UsageError
from dealbooks.house import House
from dealbooks.pipeline import events as events_module
from dealbooks.pipeline.events_shown import attach, ignore, listed, show
from dealbooks.pipeline.status import status
from dealbooks.pipeline.sync import sync
from dealbooks.pipeline.trace import trace
from dealbooks.store.audit import verify
from dealbooks.store.tables import events
from gateway.app import create_app
from gateway.schemes import SCHEMES

SIGNED = {"all": ["completed", "signed"]}
DAY = 86_400


@pytest.fixture
def signing(shop: Dealership) -> Dealership:
    """A dealership that posts a sale when the customer has signed."""
    shop.book["post_when"] = SIGNED
    with_hooks(shop)
    return shop


def _posted(shop: Dealership) -> set[str]:
    return {number for number, row in shop.deals().items() if row["state"] == "posted"}


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
    assert _posted(signing) == {"N-1"}
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
    assert _posted(shop) == set()
    arrives(shop, "esign", signed(ref))
    assert shop.sync().events.books == ("northgate",)
    assert _posted(shop) == {"N-1"}
    shop.sound()


def test_an_early_event_waits_for_its_deal(signing: Dealership) -> None:
    arrives(signing, "esign", signed("drop:LEEDS:N-1", envelope="e-1"))
    assert signing.sync().events.waiting == 1
    assert states(signing) == ["waiting"]
    signing.sales(12, sale(1))
    result = signing.sync()
    assert (result.events.matched, result.events.waiting) == (1, 0)
    assert _posted(signing) == {"N-1"}
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
    assert _posted(signing) == {"N-1"}
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
    assert len(cli.json("events", "--all")) == 2
    assert cli.json("trace", "N-1")["waits_for"] == []
    signing.sync()
    assert _posted(signing) == {"N-1"}


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
    assert _posted(signing) == set()
    with signing.open() as house:
        assert [(one.state, one.note) for one in listed(house)] == [("expired", "no deal came in 10 days")]
        attach(house, 1, "N-1", who="Ann Lee", why="the deal came late")
    signing.sync()
    assert _posted(signing) == {"N-1"}


# -- test mode -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ['{"data":{"object":{"livemode":false}}}', '{"signature_request":{"test_mode":true}}'])
def test_what_a_test_mode_tells_counts_for_no_live_book(signing: Dealership, body: str) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("drop:N-1", body=body))
    assert signing.sync().events.ignored == 1
    assert _posted(signing) == set()
    with_hooks(signing, esign={"live": False})
    arrives(signing, "esign", signed("drop:N-1", key="other"))
    assert signing.sync().events.ignored == 1
    assert (states(signing), _posted(signing)) == (["ignored", "ignored"], set())
    with signing.open() as house:
        assert next(one.note for one in listed(house, everything=True)).endswith("test mode, and northgate is live")
        with pytest.raises(UsageError, match="test mode"):
            attach(house, 1, "N-1", who="Ann Lee", why="to try it")
    arrives(signing, "ours", signed("drop:N-1", key="live"))
    signing.sync()
    assert _posted(signing) == {"N-1"}


def test_a_sample_touches_nothing(signing: Dealership) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("dealbooks-sample"))
    assert signing.sync().events == events_module.TakenEvents()
    assert states(signing) == ["sample"]
    signing.sound()


# -- readiness -------------------------------------------------------------------------------------------------------


def test_what_a_deal_waits_for_is_said_in_words(shop: Dealership) -> None:
    shop.book["post_when"] = {"all": ["completed", "signed", "paid_in_full"], "any": ["invoiced"]}
    with_hooks(shop)
    shop.sales(12, sale(1), sale(2, balance_due="400.00", bank_transfer_paid="9600.00"))
    words = ("the customer has signed", "the customer has paid in full", "it is invoiced")
    assert dict(shop.sync().transformed[0].waiting) == {
        "N-1": f"not ready: {words[0]}; {words[2]}", "N-2": f"not ready: {'; '.join(words)}",
    }  # fmt: skip
    with shop.open() as house:
        assert trace(house, "N-2").waits_for == words
        assert trace(house, "N-2").meaning.endswith(f"It waits until {' and '.join(words)}.")
        shown = {one.deal: one.missing for one in status(house).books[0].not_ready}
    assert shown == {"N-1": (words[0], words[2]), "N-2": words}
    for ref in ("drop:N-1", "drop:N-2"):
        arrives(shop, "ours", told("invoice.issued", ref), signed(ref))
    arrives(shop, "pay", told("payment.received", "drop:N-2", amount="400.00", currency="GBP", payment_intent="pi_1"))
    shop.sync()
    assert _posted(shop) == {"N-1"}  # a hint of money is no money
    with shop.open() as house:
        assert trace(house, "N-2").waits_for == words[1:2]
        assert trace(house, "N-1").waits_for == ()


def test_a_source_may_say_itself_that_it_is_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = FakeCrm()
    shop = crm_shop(tmp_path / "shop", monkeypatch, crm)
    try:
        text = (Path(events_module.__file__).parents[1] / "maps" / "csv_files.yaml").read_text(encoding="utf-8")
        assert "  references.crm_deal_id: crm_deal_id\n" in text
        more = "  references.crm_deal_id: crm_deal_id\n  references.signed_on: signed_on\n"
        (shop.folder / "own.yaml").write_text(
            text.replace("  references.crm_deal_id: crm_deal_id\n", more), encoding="utf-8"
        )
        shop.settings["sources"]["crm"]["map"] = "own.yaml"
        shop.book["post_when"] = SIGNED | {"date": "signed"}
        shop.write_config()
        crm.save("1", {**sale(1), "signed_on": "2026-09-14"})
        crm.save("2", {**sale(2), "signed_on": "no"})
        crm.clock.forward(60)
        shop.sync()
        assert _posted(shop) == {"N-1"}
        assert shop.deals()["N-1"]["accounting_date"] == "2026-09-14"
    finally:
        shop.close()


# -- the day -----------------------------------------------------------------------------------------------------------

LATE = "2026-09-20T23:30:00.000000Z"  # in the night of the 21st in London


def test_the_day_of_the_signature_is_kept_whatever_is_told_later(shop: Dealership) -> None:
    shop.book["post_when"] = SIGNED | {"date": "signed"}
    with_hooks(shop)
    shop.sales(12, sale(1))
    arrives(shop, "esign", signed("drop:N-1", envelope="e-1", at="2026-09-15T10:00:00.000000Z"))
    arrives(shop, "esign", signed("drop:N-1", envelope="e-2", at=LATE))  # supersedes it
    shop.sync()
    assert shop.entry("sale-v1").accounting_date.isoformat() == "2026-09-21"
    assert shop.deals()["N-1"]["accounting_date"] == "2026-09-21"
    (version,) = shop.rows("deal_versions")
    assert version["note"] == "booked on 2026-09-21"
    assert json.loads(version["deal"])["dates"] == {
        "contract": "2026-09-10", "delivery": "2026-09-11", "accounting": "2026-09-21",
    }  # fmt: skip
    books = shop.files()
    arrives(shop, "esign", signed("drop:N-1", envelope="e-3", at="2026-09-28T10:00:00.000000Z"))
    assert shop.sync().events.matched == 1
    assert shop.files() == books
    shop.sales(16, sale(1, price="9500.00"))
    assert shop.sync().exit_code == 0
    versions = {row["version"]: json.loads(row["deal"]) for row in shop.rows("deal_versions")}
    assert versions[2]["dates"]["accounting"] == "2026-09-21"
    assert shop.entry("sale-v2").accounting_date >= shop.entry("sale-v1").accounting_date
    shop.sound()


@pytest.mark.parametrize(
    ("by", "day"),
    [("stated", "2026-09-11"), ("delivery", "2026-09-11"), ("invoiced", "2026-09-18"), ("ready", "2026-09-21")],
)
def test_which_day_counts_is_a_setting(shop: Dealership, by: str, day: str) -> None:
    shop.book["post_when"] = {"all": ["completed", "signed", "invoiced"], "date": by}
    with_hooks(shop)
    shop.sales(12, sale(1))
    arrives(shop, "esign", signed("drop:N-1", at=LATE))
    arrives(shop, "ours", told("invoice.issued", "drop:N-1", at="2026-09-18T10:00:00.000000Z"))
    shop.sync()
    assert shop.entry("sale-v1").accounting_date.isoformat() == day


def test_a_day_that_nothing_tells_is_a_mistake_of_the_settings(shop: Dealership) -> None:
    shop.book["post_when"] = {"all": ["completed"], "date": "signed"}
    shop.write_config()
    with pytest.raises(ConfigError, match="date: signed needs signed among the conditions"):
        shop.sync()


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
    assert _posted(api_shop) == {f"N-{number}" for number in range(1, 8)}
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


# -- once, in any order, whatever is killed --------------------------------------------------------------------------


def _events_of(numbers: range) -> list[tuple[str, Any]]:
    listed_: list[tuple[str, Any]] = []
    for number in numbers:
        ref = f"drop:LEEDS:N-{number}"
        listed_ += [
            ("ours", told("deal.completed", ref)),
            ("esign", signed(ref, envelope=f"e-{number}", at=f"2026-09-{11 + number}T10:00:00.000000Z")),
            ("esign", signed("", envelope=f"e-{number}", key=f"again-{number}")),
            ("ours", told("invoice.issued", ref, at=f"2026-09-{12 + number}T10:00:00.000000Z")),
        ]
    return listed_


def _books(folder: Path, steps: list[tuple[str, Any]]) -> dict[str, bytes]:
    """The books after some steps: an event of a hook, a file of sales, or a sync; and a sync at the end."""
    shop = Dealership(folder, f"sqlite:///{folder.parent / f'{folder.name}.db'}")
    shop.book["post_when"] = {"all": ["completed", "signed", "invoiced"], "date": "ready"}
    with_hooks(shop)
    try:
        for what, value in [*steps, ("sync", None), ("sync", None)]:
            if what == "sync":
                shop.sync()
            elif what == "sales":
                shop.sales(value, sale(value))
            else:
                arrives(shop, what, value)
        shop.sound()
        return shop.files()
    finally:
        shop.close()


_SALES = [("sales", 1), ("sales", 2)]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The books when all comes in order."""
    return _books(tmp_path_factory.mktemp("quiet") / "shop", [*_SALES, *_events_of(range(1, 3))])


def test_doubled_five_times_and_reordered_the_books_are_the_same(tmp_path: Path, quiet: dict[str, bytes]) -> None:
    steps = [*_SALES, *(_events_of(range(1, 3)) * 5), ("sync", None), ("sync", None)]
    random.Random(7).shuffle(steps)
    assert _books(tmp_path / "shop", steps) == quiet
    assert len(quiet) > 0


_AT_LEISURE: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=4, **_AT_LEISURE)
@given(data=st.data())
def test_any_order_and_number_of_events_and_sweeps_ends_in_the_same_books(
    tmp_path_factory: pytest.TempPathFactory, quiet: dict[str, bytes], data: st.DataObject
) -> None:
    _any_order(tmp_path_factory, quiet, data)


@pytest.mark.long
@settings(max_examples=60, **_AT_LEISURE)
@given(data=st.data())
def test_many_orders_end_in_the_same_books(
    tmp_path_factory: pytest.TempPathFactory, quiet: dict[str, bytes], data: st.DataObject
) -> None:
    _any_order(tmp_path_factory, quiet, data)


def _any_order(factory: pytest.TempPathFactory, quiet: dict[str, bytes], data: st.DataObject) -> None:
    more = data.draw(st.lists(st.sampled_from([*_events_of(range(1, 3)), ("sync", None)]), max_size=6))
    steps = data.draw(st.permutations([*_SALES, *_events_of(range(1, 3)), *more]))
    assert _books(factory.mktemp("any") / "shop", steps) == quiet


def test_several_processes_take_each_event_once(any_shop: Dealership) -> None:
    with_hooks(any_shop)
    any_shop.sales(12, sale(1), sale(2))
    any_shop.sync()
    arrives(any_shop, "esign", *(signed(f"drop:N-{n % 2 + 1}", envelope=f"e-{n % 7}", key=f"{n}") for n in range(40)))

    def take(_: int) -> int:
        with House.open(load_config(any_shop.config_file), clock=any_shop.clock) as house:
            return sum(events_module.take_events(house, limit=5).matched for _ in range(4))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(4))) == 40
    assert set(states(any_shop)) == {"matched"}
    with any_shop.open() as house:
        assert verify(house.store).intact


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("point", ["record_objects", "_remember", "_expire", "_unread"])
def test_killed_anywhere_and_run_again_it_is_posted_once(
    signing: Dealership, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise _Killed

    arrives(signing, "esign", signed("drop:N-1", envelope="e-1"), signed(envelope="e-1", key="b"))
    signing.sync()
    signing.sales(12, sale(1))
    with monkeypatch.context() as patch:
        patch.setattr(events_module, point, killed)
        with pytest.raises(_Killed):
            signing.sync()
    signing.close()
    signing.sync()
    assert _posted(signing) == {"N-1"}
    assert states(signing) == ["matched", "matched"]
    assert "sale-v1" in signing.entry_ids(1)
    assert len(signing.files()) == len(signing.entry_ids())
    signing.sound()


def test_killed_between_match_and_post_it_is_posted_once(signing: Dealership) -> None:
    signing.sales(12, sale(1))
    arrives(signing, "esign", signed("drop:N-1"))
    with signing.open() as house:
        sync(house, post=False)
    assert taken(signing).matched == 0
    signing.close()
    signing.sync()
    signing.sync()
    assert _posted(signing) == {"N-1"}
    assert len(signing.files()) == len(signing.entry_ids())


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
