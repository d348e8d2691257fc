"""The source of HubSpot's deals against its sandbox: windows, the limit of searches, lag, merges, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hubspot_support import Account, account, given_settings, source_of

from blocks.sources.hubspot.block import HubSpot
from blocks.sources.hubspot.factory import build, settings_of
from blocks.sources.hubspot.source import HubSpotDeals
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.registry import Services
from dealbooks.source import Cursor, SourceRecord
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from sandbox.kit import Fault, as_json


@pytest.fixture
def office() -> Account:
    return account()


def swept(source: HubSpotDeals, office: Account, cursor: Cursor | None = None) -> tuple[list[SourceRecord], Cursor]:
    """What changed, and where to go on."""
    pages = list(source.changes(cursor, office.clock.now()))
    assert pages[-1].cursor is not None
    return [record for page in pages for record in page.records], pages[-1].cursor


def test_more_deals_of_one_millisecond_than_a_search_can_be_paged_through(office: Account) -> None:
    office.box.settings.searched = 100
    keys = [office.deal(number) for number in range(1, 251)]
    assert len({office.hand.look(key)["hs_lastmodifieddate"] for key in keys}) == 1
    office.clock.sleep(120)
    source = source_of(office, page=40)
    records, _ = swept(source, office)
    assert [record.key for record in records] == keys
    searches = [json.loads(one.request) for one in source.exchanges() if one.url.endswith("deals/search")]
    assert all("after" not in one and one["limit"] <= 100 for one in searches)
    assert len(searches) == 7


def test_a_search_that_is_behind_loses_nothing(office: Account) -> None:
    office.deal(1)
    office.clock.sleep(120)
    source = source_of(office)
    _, cursor = swept(source, office)
    key = office.deal(2, late=100)
    office.clock.sleep(65)
    records, cursor = swept(source, office, cursor)
    assert key not in [record.key for record in records]
    office.clock.sleep(60)
    records, _ = swept(source, office, cursor)
    assert key in [record.key for record in records]


def test_what_is_found_is_read_from_where_it_is_written(office: Account) -> None:
    key = office.deal(1)
    office.clock.sleep(120)
    office.box.settings.index_lag = 3600
    office.hand.edit(key, vin="CHANGED")
    (record,), _ = swept(source_of(office), office)
    assert record.data["vin"] == "CHANGED"


def test_a_deal_whose_lines_may_be_on_their_way_is_not_given(office: Account) -> None:
    office.box.settings.association_lag = 20
    key = office.deal(1)
    source = source_of(office)
    with pytest.raises(StopConnection, match="has no line items yet, and changed 0 seconds ago"):
        source.fetch(key)
    office.clock.sleep(30)
    record = source.fetch(key)
    assert record is not None
    assert len(record.data["lines"]) == 1


def test_a_deal_without_lines_is_given_once_it_has_settled(office: Account) -> None:
    key = office.hand.make("deals", dealname="x", dealstage="closedwon", sale_price="10000.00", closedate="2026-09-10")
    office.clock.sleep(61)
    record = source_of(office, currency="GBP", store_code="LEEDS").fetch(key)
    assert record is not None
    assert (record.data["lines"], record.data["sale_price"]) == ([], "10000")
    assert (record.data["currency"], record.data["store_code"]) == ("GBP", "LEEDS")
    assert "buyer" not in record.data
    assert "total" not in record.data


def test_merged_and_archived_ones_are_missing(office: Account) -> None:
    kept, gone, archived = office.deal(1), office.deal(2), office.deal(3)
    office.hand.merge(kept, gone)
    office.hand.archive(archived)
    source = source_of(office)
    assert source.missing([kept, gone, archived, "999"]) == {gone, archived, "999"}
    assert source.fetch(gone) is None
    assert source.fetch(archived) is None
    assert source.fetch("31415; drop") is None


def test_closing_at_night_is_the_day_of_the_account(office: Account) -> None:
    key = office.deal(1, closedate="2026-07-31T23:30:00.000Z")
    source = source_of(office)
    record = source.fetch(key)
    assert record is not None
    assert record.data["sale_date"] == "2026-08-01"
    assert record.data["delivery_date"] == "2026-09-11"


def test_the_buyer_by_label_and_the_company_first(office: Account) -> None:
    key = office.deal(1)
    other, company = office.contact(2), office.hand.make("companies", name="Fleet Ltd", country="uk")
    office.hand.link(key, other, "Buyer")
    assert _buyer(source_of(office, buyer_label="Buyer"), key)["name"] == "Customer 2"
    first = source_of(office, buyer="company_first")
    assert _buyer(first, key)["name"] == "Customer 1"
    office.hand.link(key, company)
    assert _buyer(first, key) == {"id": company, "type": "business", "name": "Fleet Ltd", "country": "GB"}


def _buyer(source: HubSpotDeals, key: str) -> Any:
    record = source.fetch(key)
    assert record is not None
    return record.data["buyer"]


@pytest.mark.parametrize(
    ("given", "sold"),
    [
        ({}, [True, True, False]),
        ({"pipelines": ["Sales"]}, [True, False, False]),
        ({"take_when": "stages", "stages": ["Test drive", "900002"]}, [False, True, True]),
    ],
)
def test_which_stage_of_which_pipeline_counts_is_a_setting(
    office: Account, given: dict[str, Any], sold: list[bool]
) -> None:
    keys = [
        office.deal(1), office.deal(2, pipeline="7001", stage="900002"), office.deal(3, stage="presentationscheduled")
    ]  # fmt: skip
    source = source_of(office, **given)
    assert [record.counts for key in keys if (record := source.fetch(key))] == sold
    assert source.problems() == []


def test_names_that_the_account_does_not_have_are_problems(office: Account) -> None:
    given = {"take_when": "stages", "stages": ["Delivered"], "pipelines": ["Fleet"]}
    assert [one.split(":")[0] for one in source_of(office, **given).problems()] == [
        "This HubSpot account has no pipeline Fleet", "This HubSpot account has no stage Delivered",
    ]  # fmt: skip
    (problem,) = source_of(office, portal_id="1").problems()
    assert "reaches the HubSpot account 4242" in problem
    assert source_of(office, portal_id="4242").problems() == []


def test_a_property_that_is_not_there_stops_the_source_and_is_named() -> None:
    made = account(custom_properties={"deals": {"chassis": "string"}, "line_items": {}})
    paths = ("vin", "deposit", "lines.cost", "lines.amount")
    source = source_of(made, paths, fields={"vin": "chassis"})
    with pytest.raises(
        StopConnection, match=r"2 of the properties that the map reads: deposit, line_items.cost"
    ) as wrong:
        source.get_ready()
    assert "without: [deposit, line_items.cost]" in wrong.value.fix
    key = made.hand.make("deals", dealname="x", dealstage="closedwon", chassis="WBA1")
    made.clock.sleep(100)
    record = source_of(made, paths, fields={"vin": "chassis"}, without=["deposit", "line_items.cost"]).fetch(key)
    assert record is not None
    assert record.data["vin"] == "WBA1"


def test_a_property_that_is_deleted_later_is_noticed_within_the_hour_and_mended_without_a_restart(
    office: Account,
) -> None:
    office.deal(1)
    office.clock.sleep(120)
    source = source_of(office)
    _, cursor = swept(source, office)
    kept = office.box.objects.properties["deals"].pop("deposit")  # type: ignore[attr-defined]
    office.clock.sleep(3700)
    with pytest.raises(StopConnection, match="reads: deposit"):
        swept(source, office, cursor)
    office.box.objects.properties["deals"]["deposit"] = kept  # type: ignore[index]
    assert swept(source, office, cursor)[1] != cursor


def test_a_refused_token_is_said_and_never_shown(office: Account) -> None:
    source = source_of(office, token="pat-eu1-some-other-token")
    with pytest.raises(StopConnection, match="does not accept our authorisation"):
        source.get_ready()
    office.box.settings.scopes = frozenset({"oauth"})
    (problem,) = source_of(office).problems()
    assert "MISSING_SCOPES" in problem
    assert "docs/sources.md" in problem


def test_limits_are_waited_for_and_those_of_a_day_stop_it(office: Account) -> None:
    office.box.settings.per_ten_seconds = 5
    keys = [office.deal(number) for number in range(1, 4)]
    office.clock.sleep(120)
    source = source_of(office, page=1)
    records, _ = swept(source, office)
    assert [record.key for record in records] == keys
    office.clock.sleep(60)
    office.faults.order([Fault.LIMIT_DAY], "read")
    source.exchanges()
    with pytest.raises(StopConnection, match="no more calls"):
        source.fetch(keys[0])
    assert len(source.exchanges()) == 1


def test_a_part_of_a_batch_that_failed_stops_it(office: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    key = office.deal(1)
    source = source_of(office)
    source.get_ready()
    error = {"status": "error", "category": "INTERNAL_ERROR", "message": "try again", "errors": []}
    answer = as_json({"status": "COMPLETE", "results": [], "errors": [error]}, 207)
    monkeypatch.setattr(type(office.box), "_batch", lambda _self, _results, _errors: answer)
    with pytest.raises(StopConnection, match="INTERNAL_ERROR"):
        source.fetch(key)


def test_a_public_app_renews_its_token(office: Account, tmp_path: Path) -> None:
    key = office.deal(1)
    store = Store(f"sqlite:///{tmp_path / 'store.db'}", clock=office.clock)
    ensure(store)
    services = Services(store, tmp_path)
    given = {"grant": "code", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    source = source_of(office, (), services, **given)
    with pytest.raises(StopConnection, match="is not connected"):
        source.get_ready()
    assert source.tokens is not None
    source.tokens.consented(office.box.identity.code("https://x/back"), "https://x/back", {})
    assert source.fetch(key) is not None
    office.faults.order([Fault.TOKEN_EXPIRED], "read")
    assert source.fetch(key) is not None
    office.clock.sleep(3000)
    assert source.fetch(key) is not None


def test_settings_are_checked_and_a_token_is_asked_for(office: Account) -> None:
    with pytest.raises(ConfigError, match=r"sources\.crm: page must be 100 or less"):
        settings_of("crm", given_settings(office, page=1000))
    for blank in ({}, {"token": ""}, {"token": " \t"}):
        with pytest.raises(ConfigError, match=r"sources\.crm has no token, or it is blank") as wrong:
            build("crm", blank)
        assert "token: ${HUBSPOT_TOKEN}" in wrong.value.fix
    with pytest.raises(ConfigError, match="no client_id and no client_secret"):
        build("crm", {"grant": "code"})
    with pytest.raises(ConfigError, match="no store here to keep its tokens in"):
        build("crm", {"grant": "code", "client_id": "app", "client_secret": "s"})


def test_the_block_gives_the_settings_and_says_what_is_wrong() -> None:
    block = HubSpot(token="pat-eu1-secret-of-ours", fields_of_deal={"vin": "chassis"}, more={"page": 50})
    read = settings_of("crm", block.settings())
    assert (read.page, dict(read.fields), read.token.get_secret_value()) == (
        50, {"vin": "chassis"}, "pat-eu1-secret-of-ours",
    )  # fmt: skip
    assert "secret-of-ours" not in repr(block)
    assert "has no token" in HubSpot().check()[0]
