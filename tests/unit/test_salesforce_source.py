"""The source of Salesforce's opportunities against its sandbox: windows, pages, tokens, errors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from keys_support import key_pair
from salesforce_support import Org, given_settings, org, source_of

from blocks.sources.salesforce.block import Salesforce
from blocks.sources.salesforce.factory import build, settings_of
from blocks.sources.salesforce.source import SalesforceSales
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.source import Cursor, CursorExpired, SourceRecord
from sandbox.kit import Answer, Call, Fault

_READS = ("VIN__c", "sale_date", "lines.amount", "lines.name", "total")


@pytest.fixture
def office() -> Org:
    return org()


def swept(source: SalesforceSales, office: Org, cursor: Cursor | None = None) -> tuple[list[SourceRecord], Cursor]:
    """What changed, and where to go on."""
    pages = list(source.changes(cursor, office.clock.now()))
    assert pages[-1].cursor is not None
    return [record for page in pages for record in page.records], pages[-1].cursor


def asked(source: SalesforceSales) -> list[str]:
    """The paths that were called since this was last asked."""
    return [one.url.partition("/services/data/")[2] for one in source.exchanges()]


def test_rows_that_do_not_fit_into_one_answer_are_read_on(office: Org) -> None:
    office.box.settings.nested_batch = 3
    keys = [office.deal(number) for number in range(1, 11)]
    office.clock.sleep(300)
    source = source_of(office, page=8)
    records, _ = swept(source, office)
    assert [record.key for record in records] == keys
    assert sum("01g" in one for one in asked(source)) == 2  # 3 + 3 + 2, then the last two by a question


def test_a_locator_that_has_expired_costs_one_more_question_and_no_row(office: Org) -> None:
    office.box.settings.nested_batch = 3
    keys = [office.deal(number) for number in range(1, 11)]
    office.clock.sleep(300)
    source = source_of(office)
    found = []
    for page in source.changes(None, office.clock.now()):
        found += [record.key for record in page.records]
        office.hand.forget_queries()
    assert found == keys
    assert "expired" not in " ".join(asked(source))


def test_lines_that_do_not_fit_are_asked_for(office: Org) -> None:
    key = office.deal(1)
    for number in range(2, 8):
        office.hand.make(
            "OpportunityLineItem", OpportunityId=key, Product2Id=office.warranty, Quantity="1", UnitPrice="1",
            Description=f"Line {number}",
        )  # fmt: skip
    office.box.settings.lines_at_once = 2
    record = source_of(office).fetch(key)
    assert record is not None
    assert [line["name"] for line in record.data["lines"]] == ["Skoda Octavia", *[f"Line {n}" for n in range(2, 8)]]
    assert record.data["total"] == "10006"


def test_a_deleted_line_is_no_line_of_a_deal_that_stands(office: Org) -> None:
    key = office.deal(1)
    extra = office.hand.make(
        "OpportunityLineItem", OpportunityId=key, Product2Id=office.warranty, Quantity="1", UnitPrice="500"
    )
    office.hand.delete(extra)
    office.clock.sleep(300)
    (record,), _ = swept(source_of(office), office)
    assert [line["amount"] for line in record.data["lines"]] == ["10000"]


def test_a_deleted_line_without_a_price_is_noticed_too(office: Org) -> None:
    key = office.deal(1)
    office.clock.sleep(3600)
    source = source_of(office)
    _, cursor = swept(source, office)
    office.clock.sleep(3600)
    line = office.hand.lines(key)[0]
    stamp = office.hand.look(key)["SystemModstamp"]
    office.hand.edit(line, Description="Octavia Estate")
    assert office.hand.look(key)["SystemModstamp"] == stamp
    office.clock.sleep(300)
    (record,), _ = swept(source, office, cursor)
    assert record.data["lines"][0]["name"] == "Octavia Estate"


def test_what_is_deleted_is_told_and_what_is_purged_after_the_cursor_ends_by_comparing(office: Org) -> None:
    key = office.deal(1)
    office.clock.sleep(300)
    source = source_of(office)
    _, cursor = swept(source, office)
    office.hand.delete(key)
    office.clock.sleep(300)
    (record,), cursor = swept(source, office, cursor)
    assert (record.key, record.gone, record.data) == (key, True, {})
    office.clock.sleep(timedelta(days=15).total_seconds())
    with pytest.raises(CursorExpired, match="14 days"):
        list(source.changes(cursor, office.clock.now()))


def test_a_window_is_rounded_down_to_whole_seconds_and_read_again_from_before(office: Org) -> None:
    office.deal(1)
    office.clock.sleep(300.7)
    source = source_of(office)
    _, cursor = swept(source, office)
    asked(source)
    office.clock.sleep(60)
    swept(source, office, cursor)
    first = next(one for one in asked(source) if "queryAll" in one)
    assert "SystemModstamp+%3E%3D+2026-09-02T07%3A53%3A00.000Z" in first
    assert "SystemModstamp+%3C%3D+2026-09-02T08%3A04%3A00.000Z" in first


def test_records_of_one_second_over_many_pages_are_each_read_once(office: Org) -> None:
    keys = [office.deal(number) for number in range(1, 24)]
    office.clock.sleep(300)
    records, _ = swept(source_of(office, page=5), office)
    assert [record.key for record in records] == keys


def test_a_refused_token_is_renewed_once_and_then_it_stops(office: Org) -> None:
    key = office.deal(1)
    source = source_of(office)
    source.get_ready()
    office.box.identity.revoke()
    assert source.fetch(key) is not None
    assert office.box.identity.issued == 2
    office.faults.order([Fault.TOKEN_EXPIRED, Fault.TOKEN_EXPIRED], "read")
    with pytest.raises(StopConnection, match="does not accept our authorisation"):
        source.fetch(key)


def test_a_signed_assertion_gives_a_token_too(office: Org) -> None:
    key = office.deal(1)
    record = source_of(office, grant="jwt").fetch(key[:15])
    assert record is not None
    assert record.key == key


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"client_secret": "wrong"}, "no token .invalid_client."),
        ({"grant": "jwt", "audience": "https://elsewhere.example"}, "no token .invalid_grant."),
        ({"organization_id": "00D000000000001"}, "reaches the org 00D5e000000AbCdEAK"),
        ({"url": "https://login.salesforce.com"}, "no token"),
    ],
)
def test_what_is_wrong_with_the_authorisation_is_said(office: Org, given: dict[str, Any], says: str) -> None:
    source = source_of(office, **given)
    with pytest.raises(StopConnection, match=says):
        source.get_ready()
    (problem,) = source.problems()
    assert "wrong" not in problem
    assert key_pair()[0][60:100] not in problem


def test_a_key_that_is_none_is_said_without_showing_it(office: Org) -> None:
    source = source_of(office, grant="jwt")
    secret = "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----"
    source._session._client = type(source._session._client)(
        "crm", "id", "", "https://x/token", username="a", audience="b", private_key=secret
    )
    with pytest.raises(StopConnection, match="private key cannot be read") as wrong:
        source.get_ready()
    assert "nonsense" not in str(wrong.value)
    assert wrong.value.__context__ is None


def test_a_field_that_is_not_shown_stops_the_source_and_is_named(office: Org) -> None:
    office.box.settings.hidden = frozenset({"Opportunity.Bank_Transfer_Paid__c", "OpportunityLineItem.Cost__c"})
    office.deal(1)
    source = source_of(office)
    with pytest.raises(StopConnection, match=r"Bank_Transfer_Paid__c, OpportunityLineItem\.Cost__c") as missing:
        swept(source, office)
    assert "without: [Bank_Transfer_Paid__c, OpportunityLineItem.Cost__c]" in missing.value.fix
    office.clock.sleep(300)
    given = {"without": ["Bank_Transfer_Paid__c", "OpportunityLineItem.Cost__c"]}
    records, _ = swept(source_of(office, **given), office)
    assert len(records) == 1
    office.box.settings.hidden = frozenset()
    assert "take it off the list" in source_of(office, **given).problems()[0]


def test_rights_that_are_given_are_noticed_without_a_restart(office: Org) -> None:
    office.box.settings.hidden = frozenset({"Opportunity.VIN__c"})
    source = source_of(office)
    with pytest.raises(StopConnection, match="VIN__c"):
        source.get_ready()
    office.box.settings.hidden = frozenset()
    source.get_ready()
    assert source.problems() == []


def test_rights_that_are_taken_away_later_stop_it_too(office: Org) -> None:
    office.deal(1)
    source = source_of(office)
    source.get_ready()
    office.box.settings.hidden = frozenset({"Opportunity.VIN__c"})
    with pytest.raises(StopConnection, match="INVALID_FIELD"):
        swept(source, office)


def test_an_org_with_other_names_one_currency_and_no_person_accounts(office: Org) -> None:
    made = org(
        multi_currency=False, person_accounts=False,
        custom_fields={"Opportunity": {"Chassis__c": "string"}, "OpportunityLineItem": {}},
    )  # fmt: skip
    account = made.hand.make("Account", Name="Fleet Ltd", BillingCountry="Germany")
    key = made.hand.make(
        "Opportunity", Name="x", StageName="Closed Won", CloseDate="2026-09-10", AccountId=account, Chassis__c="WBA1"
    )
    record = source_of(made, _READS, fields={"VIN__c": "Chassis__c"}, currency="EUR").fetch(key)
    assert record is not None
    assert (record.data["VIN__c"], record.data["currency"]) == ("WBA1", "EUR")
    assert record.data["buyer"] == {"id": account, "name": "Fleet Ltd", "country": "DE"}


def test_the_buyer_can_be_the_primary_contact(office: Org) -> None:
    key = office.deal(1)
    for name, primary in (("Ann Spouse", False), ("Ben Buyer", True)):
        contact = office.hand.make("Contact", Name=name, MailingCity="Leeds", MailingCountry="UK")
        office.hand.make("OpportunityContactRole", OpportunityId=key, ContactId=contact, IsPrimary=primary)
    record = source_of(office, buyer="contact").fetch(key)
    assert record is not None
    assert (record.data["buyer"]["name"], record.data["buyer"]["type"]) == ("Ben Buyer", "individual")
    assert record.data["buyer"]["country"] == "GB"


@pytest.mark.parametrize(("stage", "sold"), [("Delivered", True), ("Closed Won", False), ("Closed Lost", False)])
def test_which_stage_counts_is_a_setting(office: Org, stage: str, sold: bool) -> None:
    key = office.deal(1, stage=stage)
    record = source_of(office, take_when="stages", stages=["Delivered"]).fetch(key)
    assert record is not None
    assert record.counts is sold


def test_only_some_record_types(office: Org) -> None:
    kind = office.hand.make("RecordType", DeveloperName="Vehicle_Sale", Name="Vehicle sale")
    first, second = office.deal(1, RecordTypeId=kind), office.deal(2)
    source = source_of(office, record_types=["Vehicle_Sale"])
    assert [record.counts for key in (first, second) if (record := source.fetch(key))] == [True, False]


@pytest.mark.parametrize("key", ["", "006", "0065e0000000001' OR Id != '", "0065e00000000-1", "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ"])
def test_what_is_no_id_is_never_part_of_a_question(office: Org, key: str) -> None:
    source = source_of(office)
    source.get_ready()
    asked(source)
    assert source.fetch(key) is None
    assert asked(source) == []


def test_no_calls_left_stops_at_once_and_for_a_while(office: Org) -> None:
    source = source_of(office)
    source.get_ready()
    office.box.settings.calls_per_day = 1
    with pytest.raises(StopConnection, match="REQUEST_LIMIT_EXCEEDED"):
        swept(source, office)
    taken = len(source.exchanges())
    with pytest.raises(StopConnection, match="no more calls"):
        source.fetch(office.deal(1))
    assert taken > 0
    assert source.exchanges() == []


def test_a_server_that_is_busy_is_asked_again(office: Org) -> None:
    key = office.deal(1)
    source = source_of(office)
    source.get_ready()
    office.faults.order([Fault.SERVER_ERROR, Fault.RESET, Fault.TIMEOUT_BEFORE], "read")
    assert source.fetch(key) is not None


def test_many_changed_lines_stay_within_the_longest_address(office: Org) -> None:
    keys = [office.deal(number) for number in range(1, 260)]
    office.clock.sleep(3600)
    source = source_of(office)
    _, cursor = swept(source, office)
    office.clock.sleep(3600)
    for key in keys:
        office.hand.edit(office.hand.lines(key)[0], Description="Another text")
    office.clock.sleep(300)
    asked(source)
    records, _ = swept(source, office, cursor)
    assert [record.key for record in records] == keys
    assert len(asked(source)) <= 5


def test_an_address_for_calls_that_is_not_safe_is_refused(office: Org) -> None:
    office.box.settings.domain = "http://attacker.example"
    with pytest.raises(StopConnection, match="without an address"):
        source_of(office).get_ready()


def test_settings_are_checked_and_a_secret_is_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"sources\.crm: timezone is not a time zone; use .* Europe/London"):
        settings_of("crm", given_settings(timezone="Mars/Base"))
    for blank in ("", " \n"):
        with pytest.raises(ConfigError, match=r"sources\.crm has no client_secret, or it is blank") as wrong:
            build("crm", given_settings(client_secret=blank))
        assert "client_secret: ${SALESFORCE_CLIENT_SECRET}" in wrong.value.fix
    with pytest.raises(ConfigError, match="has no username and no private_key, or they are blank"):
        build("crm", given_settings(grant="jwt"))
    with pytest.raises(ConfigError, match="has no client_id and no username, or they are blank"):
        build("crm", given_settings(grant="jwt", private_key=key_pair()[0], client_id=" "))
    with pytest.raises(ConfigError, match=r"sources.crm.url is not the address") as wrong:
        build("crm", given_settings(url="admin:s3cret@northgate"))
    assert "s3cret" not in f"{wrong.value!r}{wrong.value.fix}"


def test_the_block_gives_the_settings_and_says_what_is_wrong() -> None:
    block = Salesforce(
        url="https://northgate-motors.my.salesforce.com", client_id="k", client_secret="s3cret-of-the-app",
        stages=["Delivered"], take_when="stages", fields_of_opportunity={"VIN__c": "Chassis__c"}, more={"page": 50},
    )  # fmt: skip
    read = settings_of("crm", block.settings())
    assert (read.page, read.stages, dict(read.fields)) == (50, ("Delivered",), {"VIN__c": "Chassis__c"})
    assert "s3cret" not in repr(block)
    assert "client_id" in Salesforce(url="https://x.my.salesforce.com").check()[0]


def test_an_answer_that_is_no_json_stops_it(office: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(office)
    source.get_ready()
    handle = office.box.handle

    def broken(call: Call) -> Answer:
        return Answer(200, b"<html>Maintenance</html>") if "query" in call.path else handle(call)

    monkeypatch.setattr(office.box, "handle", broken)
    with pytest.raises(StopConnection, match="refuses to read opportunities"):
        swept(source, office)
