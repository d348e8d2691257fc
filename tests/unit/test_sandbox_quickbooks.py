"""The QuickBooks sandbox: Intuit's own clients work with it, and it keeps the platform's rules."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from intuitlib.client import AuthClient
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import AuthorizationException, ObjectNotFoundException, QuickbooksException
from quickbooks.objects.base import Ref
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.customer import Customer
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.salesreceipt import SalesReceipt
from quickbooks_sandbox_support import FAST, Books, deal

from sandbox.kit import Call, Fault, FaultPlan, NoAnswer
from sandbox.kit.server import serving
from sandbox.quickbooks import QuickBooksSandbox, Settings, us_automated

_BACK = "http://localhost/back"


# Intuit's clients


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[QuickBooksSandbox, str]]:
    sandbox = QuickBooksSandbox([us_automated()], settings=Settings(**FAST))
    with serving(sandbox) as address:
        yield sandbox, address


@pytest.fixture
def client(served: tuple[QuickBooksSandbox, str], monkeypatch: pytest.MonkeyPatch) -> QuickBooks:
    sandbox, address = served
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    auth = AuthClient("sandbox-app", "sandbox-secret", _BACK, f"{address}/.well-known/openid_configuration")
    auth.get_bearer_token(sandbox.consent(_BACK), realm_id=sandbox.company().setup.realm)
    made = QuickBooks(
        auth_client=auth, refresh_token=auth.refresh_token, company_id=auth.realm_id, minorversion=75, use_decimal=True
    )
    made.api_url_v3 = f"{address}/v3"
    return made


def _customer(client: QuickBooks, name: str) -> Customer:
    made = Customer()
    made.DisplayName = name
    return made.save(qb=client)


def _form(kind: type, customer: Customer, number: str) -> Any:
    form = kind()
    form.CustomerRef = customer.to_ref()
    form.DocNumber = number
    form.TxnDate = "2026-09-01"
    line = SalesItemLine()
    line.Amount = Decimal("150.10")
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Ref()
    line.SalesItemLineDetail.ItemRef.value = "47"
    line.SalesItemLineDetail.Qty = 1
    line.SalesItemLineDetail.UnitPrice = Decimal("150.10")
    form.Line.append(line)
    return form


def test_client_creates_and_reads(client: QuickBooks) -> None:
    customer = _customer(client, "Client creates")
    made = _form(SalesReceipt, customer, "SDK-1").save(qb=client)
    read = SalesReceipt.get(made.Id, qb=client)
    assert (read.TotalAmt, read.Balance, read.DocNumber) == (Decimal("150.10"), 0, "SDK-1")
    assert read.CustomerRef.name == "Client creates"


def test_client_sends_request_id(client: QuickBooks) -> None:
    form = _form(Invoice, _customer(client, "Client repeats"), "SDK-2")
    first = form.save(qb=client, request_id="sdk-key")
    form.Id = None
    assert form.save(qb=client, request_id="sdk-key").Id == first.Id
    assert Invoice.count("DocNumber = 'SDK-2'", qb=client) == 1


def test_client_lists_and_pages(client: QuickBooks) -> None:
    names = {f"Page {number}" for number in range(7)}
    for name in sorted(names):
        _customer(client, name)
    found: list[str] = []
    for start in (1, 4, 7):
        where = "DisplayName LIKE 'Page %'"
        page = Customer.where(where, order_by="Id", start_position=start, max_results=3, qb=client)
        found += [one.DisplayName for one in page]
    assert len(found) == 7
    assert set(found) == names


def test_client_understands_refusals(client: QuickBooks) -> None:
    _customer(client, "Used twice")
    with pytest.raises(QuickbooksException) as caught:
        _customer(client, "used twice")
    assert caught.value.error_code == 6240
    with pytest.raises(ObjectNotFoundException):
        Invoice.get("999999", qb=client)


def test_client_updates_and_meets_a_stale_token(client: QuickBooks) -> None:
    made = _form(Invoice, _customer(client, "Client updates"), "SDK-3").save(qb=client)
    other = Invoice.get(made.Id, qb=client)
    made.PrivateNote = "changed"
    assert made.save(qb=client).SyncToken == "1"
    with pytest.raises(QuickbooksException) as caught:
        other.save(qb=client)
    assert caught.value.error_code == 5010


def test_client_voids_deletes_and_sees_changes(client: QuickBooks) -> None:
    customer = _customer(client, "Client voids")
    voided = _form(SalesReceipt, customer, "SDK-4").save(qb=client)
    gone = _form(SalesReceipt, customer, "SDK-5").save(qb=client)
    voided.void(qb=client)
    gone.delete(qb=client)
    assert SalesReceipt.get(voided.Id, qb=client).TotalAmt == 0
    changed = change_data_capture([SalesReceipt], "2026-11-01T00:00:00-08:00", qb=client).SalesReceipt
    assert {one.Id: getattr(one, "status", "") for one in changed}[gone.Id] == "Deleted"


def test_client_batches(client: QuickBooks) -> None:
    taken, refused = Customer(), Customer()
    taken.DisplayName, refused.DisplayName = "Batch 1", "Bad: name"
    done = batch_create([taken, refused], qb=client)
    assert len(done.successes) == len(done.faults) == 1


def test_client_reads_company_and_report(client: QuickBooks) -> None:
    assert Preferences.get(qb=client).TaxPrefs.PartnerTaxEnabled is True
    assert CompanyInfo.get(client.company_id, qb=client).Country == "US"
    assert client.get_report("TrialBalance")["Header"]["ReportName"] == "TrialBalance"


def test_client_is_told_that_its_token_is_dead(client: QuickBooks) -> None:
    client.session.token = {"access_token": "nothing"}
    with pytest.raises(AuthorizationException) as caught:
        CompanyInfo.get(client.company_id, qb=client)
    assert "errorCode=003200" in caught.value.detail


def test_client_refreshes_until_it_is_disconnected(client: QuickBooks, served: tuple[QuickBooksSandbox, str]) -> None:
    client.auth_client.refresh()
    served[0].disconnect()
    with pytest.raises(AuthClientError) as caught:
        client.auth_client.refresh()
    assert caught.value.status_code == 400
    assert b"invalid_grant" in caught.value.content


# Tokens and limits


def _refreshed(books: Books, token: str) -> tuple[int, bytes]:
    headers = {"Authorization": "Basic c2FuZGJveC1hcHA6c2FuZGJveC1zZWNyZXQ="}
    body = f"grant_type=refresh_token&refresh_token={token}".encode()
    answer = books.sandbox.handle(Call.of("POST", "/oauth2/v1/tokens/bearer", headers, body))
    return answer.status, answer.body


def test_access_ends_after_an_hour_and_refresh_rotates_after_a_day() -> None:
    books = Books()
    first = books.sandbox.connect()["refresh_token"]
    books.clock.sleep(3600)
    answer = books.answer("GET", "preferences")
    assert (answer.status, b'"fault"' in answer.body, bool(answer.headers["intuit_tid"])) == (401, True, True)
    assert first.encode() in _refreshed(books, first)[1]
    books.clock.sleep(86400)
    status, body = _refreshed(books, first)
    assert status == 200
    assert first.encode() not in body
    assert _refreshed(books, first) == (400, b'{"error":"invalid_grant"}')


def test_refresh_token_dies_unused() -> None:
    books = Books()
    token = books.sandbox.connect()["refresh_token"]
    books.clock.sleep(101 * 86400)
    assert _refreshed(books, token)[0] == 400


def test_another_company_is_forbidden() -> None:
    books = Books()
    books.realm = "1"
    assert books.answer("GET", "preferences").status == 403


@pytest.mark.parametrize(("limit", "path"), [("per_second", "preferences"), ("batches_per_minute", "batch")])
def test_limits(limit: str, path: str) -> None:
    books = Books(**{limit: 2})
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select count(*) from Invoice"}]} if path == "batch" else None
    method = "POST" if body else "GET"
    assert [books.answer(method, path, body).status for _ in range(3)] == [200, 200, 429]
    books.clock.sleep(60)
    assert books.answer(method, path, body).status == 200


# Faults


def _ordered(*faults: Fault | None, kind: str = "write", **settings: Any) -> Books:
    plan = FaultPlan(seed=1)
    books = Books(faults=plan, **settings)
    books.customer()
    plan.order(faults, kind)
    return books


@pytest.mark.parametrize(
    ("meets", "status", "inside"),
    [
        (Fault.LIMIT_MINUTE, 429, b"errorCode=003001"),
        (Fault.LIMIT_SECOND, 429, b"errorCode=003001"),
        (Fault.ERROR_BODY_200, 200, b'"Fault"'),
        (Fault.TOKEN_EXPIRED, 401, b"errorCode=003200"),
    ],
)
def test_faults_that_do_nothing(meets: Fault, status: int, inside: bytes) -> None:
    books = _ordered(meets)
    before = len(books.sandbox.log.writes)
    answer = books.answer("POST", "invoice", deal("1"))
    assert (answer.status, inside in answer.body) == (status, True)
    assert len(books.sandbox.log.writes) == before
    assert books.sandbox.faults.hits[meets] == 1
    assert books.answer("GET", "preferences").status == (401 if meets is Fault.TOKEN_EXPIRED else 200)


@pytest.mark.parametrize("meets", [Fault.TIMEOUT_AFTER, Fault.RESET, Fault.SERVER_ERROR_AFTER])
def test_faults_after_the_commit_and_the_repeat(meets: Fault) -> None:
    books = _ordered(meets)
    try:
        assert books.answer("POST", "invoice", deal("1"), requestid="k").status >= 500
    except NoAnswer:
        assert meets is not Fault.SERVER_ERROR_AFTER
    assert books.made("Invoice", deal("1"), requestid="k")["Id"] == "1"
    assert books.query("select count(*) from Invoice")["totalCount"] == 1


def test_a_late_commit_comes_even_when_the_token_has_ended() -> None:
    books = _ordered(Fault.LATE_COMMIT)
    books.clock.sleep(3590)
    with pytest.raises(NoAnswer):
        books.answer("POST", "invoice", deal("1"), requestid="late")
    assert "1" not in books.sandbox.company().tables["Invoice"]
    books.clock.sleep(600)
    assert books.sandbox.log.writes[-1].key == "late"


def test_a_late_commit_after_the_repeat_does_nothing() -> None:
    books = _ordered(Fault.LATE_COMMIT)
    with pytest.raises(NoAnswer):
        books.answer("POST", "invoice", deal("1"), requestid="late")
    books.made("Invoice", deal("1"), requestid="late")
    books.clock.sleep(600)
    assert len(books.sandbox.company().tables["Invoice"]) == 1


def test_a_search_that_lags_shows_it_later() -> None:
    books = _ordered(Fault.LAGGING_SEARCH, kind="read")
    made = books.made("Invoice", deal("1"))
    assert books.query("select * from Invoice") == {}
    assert books.sandbox.faults.hits[Fault.LAGGING_SEARCH] == 1
    assert books.query("select * from Invoice")["Invoice"][0]["Id"] == made["Id"]


def test_a_company_whose_search_always_lags() -> None:
    books = Books(search_lag=20)
    books.made("Invoice", deal(books.customer()))
    assert books.query("select count(*) from Invoice")["totalCount"] == 0
    assert books.get("invoice/1")["Invoice"]["Id"] == "1"
    books.clock.sleep(20)
    assert books.query("select count(*) from Invoice")["totalCount"] == 1


def test_a_lost_rotation_ends_the_grant_unless_the_former_token_has_grace() -> None:
    for grace, status in ((0, 400), (3600, 200)):
        books = _ordered(Fault.TOKEN_LOST, kind="token", old_refresh_grace=grace)
        token = books.sandbox.connect()["refresh_token"]
        books.clock.sleep(86400)
        with pytest.raises(NoAnswer):
            _refreshed(books, token)
        assert _refreshed(books, token)[0] == status


# A person's hand


def test_a_person_types_edits_and_voids() -> None:
    books = Books()
    customer = books.customer()
    typed = books.hand.type("Invoice", deal(customer, DocNumber="HAND-1"))
    assert books.hand.edit("Invoice", typed["Id"], PrivateNote="by hand")["SyncToken"] == "1"
    stale = {"Id": typed["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "by the app"}
    assert books.refused("Invoice", stale)[0] == "5010"
    voided = books.hand.void("Invoice", typed["Id"])
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided - by hand")
    writes = [write for write in books.sandbox.log.writes if write.kind == "Invoice"]
    assert [(write.action, write.key) for write in writes] == [("create", ""), ("update", ""), ("void", "")]
    assert books.sandbox.log.standing("Invoice") == {}
    books.hand.edit("TaxRate", "3", RateValue=Decimal(5))
    made = books.made("Invoice", deal(customer, TxnTaxDetail={}))
    assert made["TxnTaxDetail"]["TotalTax"] == Decimal("875.00")
