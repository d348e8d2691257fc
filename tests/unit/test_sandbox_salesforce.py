"""The Salesforce sandbox, judged by simple-salesforce."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from keys_support import key_pair
from salesforce_support import Org, org
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from sandbox.kit import Call, RealClock

DOMAIN = "northgate-motors.my"


class Direct(requests.adapters.BaseAdapter):
    """Hands requests to the sandbox without a network."""

    def __init__(self, office: Org) -> None:
        super().__init__()
        self._office = office

    def send(self, request: requests.PreparedRequest, **_more: Any) -> requests.Response:
        body = request.body or b""
        headers = {**request.headers, "host": urlsplit(request.url or "").netloc}
        given = body.encode() if isinstance(body, str) else body
        answer = self._office.box.handle(Call.of(request.method or "", request.url or "", headers, given))
        response = requests.Response()
        response.status_code, response._content, response.url = answer.status, answer.body, request.url or ""
        response.headers.update(answer.headers)
        response.request = request
        return response

    def close(self) -> None:
        return


@pytest.fixture
def office() -> Org:
    return org()


def client(office: Org, **how: Any) -> Salesforce:
    """The vendor-neutral client; by client credentials when nothing else is said."""
    session = requests.Session()
    session.mount("https://", Direct(office))
    given = how or {"consumer_key": "sandbox-consumer-key", "consumer_secret": "sandbox-consumer-secret"}
    return Salesforce(session=session, version="62.0", domain=DOMAIN, **given)


def test_a_query_pages_by_the_address_of_the_next_rows(office: Org) -> None:
    office.box.settings.batch = 4
    keys = [office.deal(number) for number in range(1, 11)]
    sf = client(office)
    first = sf.query("SELECT Id, Name, Amount, Account.Name FROM Opportunity ORDER BY Id")
    assert (first["totalSize"], first["done"], len(first["records"])) == (10, False, 4)
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    third = sf.query_more(second["nextRecordsUrl"], identifier_is_url=True)
    assert third["done"] is True
    rows = [row for part in (first, second, third) for row in part["records"]]
    assert [row["Id"] for row in rows] == sorted(keys)
    assert rows[0]["Account"]["Name"] == "Customer 1"
    assert rows[0]["attributes"]["type"] == "Opportunity"
    assert sf.api_usage["api-usage"].used == 3


def test_query_all_iter_follows_and_shows_deleted_ones_when_asked(office: Org) -> None:
    office.box.settings.batch = 2
    keys = [office.deal(number) for number in range(1, 6)]
    office.hand.delete(keys[1])
    sf = client(office)
    soql = "SELECT Id, IsDeleted, (SELECT Id, IsDeleted FROM OpportunityLineItems) FROM Opportunity ORDER BY Id"
    assert [row["Id"] for row in sf.query_all_iter(soql)] == [key for key in keys if key != keys[1]]
    every = list(sf.query_all_iter(soql, include_deleted=True))
    assert [row["Id"] for row in every if row["IsDeleted"]] == [keys[1]]
    assert every[1]["OpportunityLineItems"]["records"][0]["IsDeleted"] is True
    office.clock.sleep(16 * 86_400)
    assert len(list(client(office).query_all_iter(soql, include_deleted=True))) == 4


def test_a_double_has_a_point_and_from_ten_million_an_exponent(office: Org) -> None:
    key = office.deal(1, price="18450.00")
    assert '"Amount":18450.0' in _raw(office, key)
    office.hand.edit(office.hand.lines(key)[0], UnitPrice="12345678.90")
    assert '"Amount":1.23456789E7' in _raw(office, key)


def _raw(office: Org, key: str) -> str:
    sf = client(office)
    answer: requests.Response = sf.session.get(
        f"{sf.base_url}query", params={"q": f"SELECT Amount FROM Opportunity WHERE Id = '{key}'"}, headers=sf.headers
    )
    return answer.text


def test_a_record_is_got_changed_and_deleted(office: Org) -> None:
    key = office.deal(1)
    sf = client(office)
    assert sf.Opportunity.get(key)["StageName"] == "Closed Won"
    before = office.hand.look(key)["SystemModstamp"]
    office.clock.sleep(60)
    assert sf.Opportunity.update(key, {"StageName": "Negotiation"}) == 204
    assert sf.Opportunity.get(key)["IsWon"] is False
    assert office.hand.look(key)["SystemModstamp"] == before + timedelta(seconds=60)
    now = office.clock.now()
    assert sf.Opportunity.updated(now - timedelta(hours=1), now)["ids"] == [key]
    sf.Opportunity.delete(key)
    assert sf.Opportunity.deleted(now - timedelta(hours=1), now)["deletedRecords"][0]["id"] == key
    with pytest.raises(SalesforceResourceNotFound) as gone:
        sf.Opportunity.get(key)
    assert gone.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Opportunity WHERE", "MALFORMED_QUERY"),
        ("SELECT Nothing__c FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
        ("SELECT Id FROM Opportunity WHERE IsWon = true AND IsClosed = true OR IsDeleted = true", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE SystemModstamp > '2026-11-20T10:15:07.000Z'", "INVALID_FIELD"),
    ],
)
def test_a_bad_question_is_an_array_with_one_error(office: Org, soql: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as bad:
        client(office).query(soql)
    assert bad.value.content[0]["errorCode"] == code


def test_conditions(office: Org) -> None:
    keys = [office.deal(number) for number in range(1, 4)]
    office.clock.sleep(10)
    office.hand.edit(keys[2], StageName="Closed Lost")
    stamp = office.hand.look(keys[2])["SystemModstamp"].strftime("%Y-%m-%dT%H:%M:%SZ")
    sf = client(office)

    def ids(where: str) -> list[str]:
        return [row["Id"] for row in sf.query(f"SELECT Id FROM Opportunity WHERE {where} ORDER BY Id")["records"]]

    assert ids("IsWon = true") == keys[:2]
    assert ids(f"(SystemModstamp = {stamp} AND Id > '{keys[0]}') OR SystemModstamp > {stamp}") == [keys[2]]
    assert ids(f"Id IN ('{keys[0][:15]}', '{keys[2]}')") == [keys[0], keys[2]]
    assert ids("stagename = 'closed won' AND NOT (Name LIKE '%Customer 1')") == [keys[1]]
    assert ids("Id IN (SELECT OpportunityId FROM OpportunityLineItem WHERE UnitPrice > 1) AND Amount != null") == keys
    assert ids("CloseDate >= 2026-09-11") == []
    assert sf.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 3


def test_an_edit_of_a_line_touches_its_opportunity_only_when_it_changes_the_amount(office: Org) -> None:
    key = office.deal(1)
    line, before = office.hand.lines(key)[0], office.hand.look(key)["SystemModstamp"]
    office.clock.sleep(60)
    office.hand.edit(line, Line_Type__c="Fee")
    assert office.hand.look(key)["SystemModstamp"] == before
    assert office.hand.look(line)["SystemModstamp"] > before
    office.hand.edit(line, UnitPrice="9000")
    assert office.hand.look(key)["SystemModstamp"] > before


def test_what_is_committed_late_has_an_earlier_time(office: Org) -> None:
    key = office.deal(1, late=30)
    sf = client(office)
    assert sf.query("SELECT Id FROM Opportunity")["records"] == []
    saved = office.clock.now()
    office.clock.sleep(31)
    assert [row["Id"] for row in sf.query("SELECT Id FROM Opportunity")["records"]] == [key]
    assert office.hand.look(key)["SystemModstamp"] == saved


def test_a_locator_does_not_hold_for_ever(office: Org) -> None:
    office.box.settings.batch, office.box.settings.locators = 1, 2
    for number in range(1, 4):
        office.deal(number)
    sf = client(office)
    soql = "SELECT Id FROM Opportunity"
    first = sf.query(soql)["nextRecordsUrl"]
    for _ in range(2):
        sf.query(soql)
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_QUERY_LOCATOR"):
        sf.query_more(first, identifier_is_url=True)


@pytest.mark.filterwarnings("ignore::UserWarning")  # the client's advice about a user who is not let in
def test_tokens_by_assertion_and_by_secret_and_their_end() -> None:
    office = org()
    office.box.clock = office.box.identity._clock = RealClock()  # the client signs with the real time
    how = {"username": "ledger.sync@northgate.example", "consumer_key": "sandbox-consumer-key"}
    sf = client(office, privatekey=key_pair()[0], **how)
    assert sf.describe()["sobjects"]
    office.box.identity.revoke()
    assert sf.describe()["sobjects"]  # the client gets itself another
    assert office.box.identity.issued == 2
    sf = client(office, session_id="00D!ended", instance_url=office.box.settings.domain)
    with pytest.raises(SalesforceExpiredSession):
        sf.describe()
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_grant"):
        client(office, privatekey=key_pair()[0], username="someone@else.example", consumer_key="sandbox-consumer-key")
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        client(office, consumer_key="sandbox-consumer-key", consumer_secret="wrong")


def test_a_field_without_rights_is_not_there(office: Org) -> None:
    office.box.settings.hidden = frozenset({"Opportunity.VIN__c"})
    sf = client(office)
    assert "VIN__c" not in {one["name"] for one in sf.Opportunity.describe()["fields"]}
    with pytest.raises(SalesforceMalformedRequest, match="No such column"):
        sf.query("SELECT VIN__c FROM Opportunity")


def test_calls_of_a_day_are_counted(office: Org) -> None:
    office.box.settings.calls_per_day = 2
    sf = client(office)
    assert sf.limits()["DailyApiRequests"]["Remaining"] == 1
    sf.limits()
    with pytest.raises(Exception, match="REQUEST_LIMIT_EXCEEDED"):
        sf.limits()
    office.clock.sleep(86_401)
    assert client(office).limits()["DailyApiRequests"]["Max"] == 2
