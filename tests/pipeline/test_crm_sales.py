"""Won opportunities of Salesforce and won deals of HubSpot become posted deals, with the right amounts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import hubspot_support
import pytest
import salesforce_support
from cli_support import Cli
from events_support import arrives, deals_of, signed
from pipeline_support import Dealership

from blocks.sources.hubspot import factory as hubspot_factory
from blocks.sources.salesforce import factory as salesforce_factory
from dealbooks.pipeline.sweep import take_some
from dealbooks.pipeline.sync import SyncResult
from dealbooks.pipeline.trace import trace
from sandbox.kit import VirtualClock

VAT = "Liabilities:2204-Output-VAT-margin-scheme"
RECEIPTS = "Assets:1210-Undeposited-receipts"
SALES = "Income:4010-Used-vehicle-sales"
STOCK = "Assets:1002-Used-vehicle-stock"


class Crm:
    """Either of them, with the hand of a person and a dealership that reads it."""

    def __init__(self, platform: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.clock = VirtualClock()
        self.office: Any
        if platform == "salesforce":
            office = self.office = salesforce_support.org(clock=self.clock)
            given = salesforce_support.given_settings()
            made = salesforce_support.source_of
            patch.setattr(salesforce_factory, "build", lambda **how: made(office, how["fields"]))
            self.prefix, self.open = "SF", {"StageName": "Negotiation"}
            self.delete = office.hand.delete
        else:
            account = self.office = hubspot_support.account(clock=self.clock)
            given = hubspot_support.given_settings(account)
            read = hubspot_support.source_of
            patch.setattr(hubspot_factory, "build", lambda **how: read(account, how["fields"]))
            self.prefix, self.open = "HS", {"dealstage": "presentationscheduled"}
            self.delete = account.hand.archive
        self.shop = Dealership(
            folder, f"sqlite:///{folder.parent / 'store.db'}", clock=self.clock.now, source_of_record="crm"
        )
        self.shop.settings["sources"] = {"crm": {"platform": platform, "books": {"LEEDS": "northgate"}, **given}}
        self.shop.write_config()
        self.clock.sleep(15 * 86_400)

    def sync(self, seconds: float = 900) -> SyncResult:
        self.clock.sleep(seconds)
        return self.shop.sync()

    def reasons(self) -> list[str]:
        return [
            one["code"]
            for row in self.shop.rows("quarantine")
            if row["state"] == "open"
            for one in json.loads(row["reasons"])
            if one["severity"] == "E"
        ]


@pytest.fixture(params=["salesforce", "hubspot"])
def crm(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    made = Crm(request.param, tmp_path / "shop", monkeypatch)
    yield made
    made.shop.close()


def test_won_deals_are_posted_with_their_amounts_and_edited_ones_amended(crm: Crm) -> None:
    first, _ = crm.office.deal(1, price="10000.00"), crm.office.deal(2, price="12345.67")
    crm.office.deal(3, stage=next(iter(crm.open.values())))
    result = crm.sync()
    assert result.exit_code == 0, (result.as_json(), crm.reasons())
    assert {name: row["state"] for name, row in crm.shop.deals().items()} == {
        f"{crm.prefix}-1": "posted", f"{crm.prefix}-2": "posted",
    }  # fmt: skip
    # Margin scheme: of what a car brings over its stock book's price a sixth is VAT: 333.33 and 724.28.
    balances = crm.shop.balances()
    assert balances[VAT] == Decimal("-1057.61")
    assert balances[RECEIPTS] == Decimal("22345.67")
    assert balances[SALES] == Decimal("-21288.06")
    assert balances[STOCK] == Decimal("-16000.00")
    crm.office.reprice(first, "9500.00")
    result = crm.sync()
    assert result.exit_code == 0, (result.as_json(), crm.reasons())
    assert crm.shop.deals()[f"{crm.prefix}-1"]["posted_version"] == 2
    balances = crm.shop.balances()
    assert (balances[VAT], balances[RECEIPTS]) == (Decimal("-974.28"), Decimal("21845.67"))
    assert crm.sync().exit_code == 0
    assert crm.shop.balances() == balances


def test_a_reopened_and_a_deleted_deal_wait_for_a_person(crm: Crm) -> None:
    first, second = crm.office.deal(1), crm.office.deal(2)
    assert crm.sync().exit_code == 0
    crm.office.hand.edit(first, **crm.open)
    assert crm.sync().exit_code == 3
    assert crm.reasons() == ["S022"]
    crm.delete(second)
    assert crm.sync(90_000).exit_code == 3
    assert crm.reasons() == ["S022", "S023"]


def test_an_id_that_is_none_reads_nothing(crm: Crm) -> None:
    crm.office.deal(1, price="10000.00")
    crm.sync()
    with crm.shop.open() as house:
        assert take_some(house, "crm", ["\u00b2", "9" * 200, "-1"]).swept.not_counted == 3


@pytest.mark.parametrize("crm", ["salesforce"], indirect=True)
def test_salesforce_ids_of_15_characters_are_those_of_18(crm: Crm) -> None:
    crm.shop.book["post_when"] = {"all": ["completed", "signed"]}
    crm.shop.settings["hooks"] = {"esign": {"scheme": "docusign", "secrets": ["connect-test-key"]}}
    crm.shop.write_config()
    key = crm.office.deal(1, price="10000.00")
    arrives(crm.shop, "esign", signed(f"crm:{key[:15]}"))
    crm.sync()
    assert (len(key), deals_of(crm.shop), crm.shop.deals()["SF-1"]["state"]) == (18, ["SF-1"], "posted")


def test_trace_tells_what_was_said_when_a_deal_was_read(crm: Crm) -> None:
    crm.office.deal(1)
    crm.office.deal(2)
    crm.sync()
    kept = len(crm.shop.rows("exchanges"))
    crm.sync()  # nothing new: nothing is kept
    assert len(crm.shop.rows("exchanges")) == kept > 0
    with crm.shop.open() as house:
        story = trace(house, f"{crm.prefix}-1")
    assert story.reads and {one.outcome for one in story.reads} == {"done"}
    assert {one.response for one in story.reads} == {""}  # other customers' records stand in it
    shown = Cli(crm.shop.folder).run("trace", story.deal).output
    assert "What was said to the source when it was read" in shown
    assert story.reads[0].what in shown
