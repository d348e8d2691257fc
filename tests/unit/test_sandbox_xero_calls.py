"""The Xero sandbox: who may call, what reads give, keys, limits and faults."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from xero_sandbox_support import DAY, STORIES, Xero, journal, line, messages

from sandbox.kit import Fault, FaultPlan, SandboxTransport
from sandbox.xero import Settings, XeroSandbox
from sandbox.xero.wire import NOBODY


def ordered(*faults: Fault | None, kind: str = "write") -> FaultPlan:
    plan = FaultPlan()
    plan.order(faults, kind)
    return plan


# Identity


def token(xero: Xero, auth: tuple[str, str] | None = ("sandbox-app", "sandbox-secret"), **form: str) -> httpx.Response:
    return httpx.Client(transport=SandboxTransport(xero.sandbox)).post(
        "https://identity.xero.test/connect/token", data=form, auth=auth
    )


def test_a_code_gives_tokens_once() -> None:
    xero = Xero()
    http = httpx.Client(transport=SandboxTransport(xero.sandbox))
    asked = {"response_type": "code", "client_id": "sandbox-app", "redirect_uri": "http://localhost/back",
             "state": "s1", "scope": "offline_access accounting.invoices accounting.settings.read"}  # fmt: skip
    back = httpx.URL(
        http.get("https://login.xero.test/identity/connect/authorize", params=asked).headers["location"]
    ).params
    assert back["state"] == "s1"
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": "http://localhost/back"}
    given_ = token(xero, **form).json()
    assert given_["expires_in"] == 1800
    assert "refresh_token" in given_
    assert token(xero, **form).json() == {"error": "invalid_grant"}
    head = {"authorization": f"Bearer {given_['access_token']}"}
    links = http.get("https://api.xero.test/connections", headers=head).json()
    xero.http.headers.update(head)
    assert xero.get("/Organisation").status_code == 200
    assert xero.put("/Accounts", {"Code": "1", "Name": "x", "Type": "REVENUE"}).status_code == 401
    asked["scope"] = "payroll.employees"
    refused = http.get("https://login.xero.test/identity/connect/authorize", params=asked)
    assert "error=invalid_scope" in refused.headers["location"]
    assert [(link["tenantId"], link["tenantType"]) for link in links] == [(xero.sandbox.books.tenant, "ORGANISATION")]


def test_refresh_tokens_rotate_and_the_old_one_has_a_grace() -> None:
    xero = Xero()
    old = xero.sandbox.identity.tokens(xero.sandbox.identity.consent())["refresh_token"]
    ask = {"grant_type": "refresh_token"}
    new = token(xero, refresh_token=old, **ask).json()["refresh_token"]
    assert new != old
    xero.clock.sleep(1700)
    assert token(xero, refresh_token=old, **ask).status_code == 200
    xero.clock.sleep(200)
    refused = token(xero, refresh_token=old, **ask)
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})
    xero.clock.sleep(59 * 86_400)
    assert token(xero, refresh_token=new, **ask).status_code == 200
    xero.clock.sleep(61 * 86_400)
    assert token(xero, refresh_token=new, **ask).json() == {"error": "invalid_grant"}


def test_a_custom_connection_needs_no_tenant_and_has_no_refresh_token() -> None:
    xero = Xero()
    assert token(xero, grant_type="client_credentials").json() == {"error": "unauthorized_client"}
    wide = token(xero, ("sandbox-custom", "sandbox-secret"), grant_type="client_credentials", scope="payroll")
    assert wide.json() == {"error": "invalid_scope"}
    found = token(xero, ("sandbox-custom", "sandbox-secret"), grant_type="client_credentials").json()
    assert "refresh_token" not in found
    del xero.http.headers["xero-tenant-id"]
    xero.http.headers["authorization"] = f"Bearer {found['access_token']}"
    assert xero.get("/Organisation").status_code == 200
    assert token(xero, ("sandbox-app", "wrong"), grant_type="client_credentials").json() == {"error": "invalid_client"}


def test_the_gate_refuses_old_tokens_other_tenants_and_missing_scopes() -> None:
    xero = Xero()
    few = xero.sandbox.token(["accounting.contacts.read"])
    xero.clock.sleep(1801)
    late = xero.get("/Organisation")
    assert late.status_code == 401
    assert late.json()["Detail"].startswith("TokenExpired: token expired at 11/20/2026")
    xero.http.headers["authorization"] = f"Bearer {few}"
    xero.sandbox.settings.access_token_life = 3600
    xero.http.headers["authorization"] = f"Bearer {xero.sandbox.token(['accounting.contacts.read'])}"
    assert xero.get("/Contacts").status_code == 200
    assert xero.put("/Contacts", {"Contacts": [{"Name": "A"}]}).json()["Detail"] == "AuthorizationUnsuccessful"
    assert xero.get("/Invoices").status_code == 401
    xero.http.headers["xero-tenant-id"] = "somebody-else"
    other = xero.get("/Contacts")
    assert (other.status_code, other.json()["Detail"]) == (403, "AuthenticationUnsuccessful")


def test_without_accept_json_the_answer_is_xml() -> None:
    xero = Xero()
    answer = xero.http.get("/Organisation", headers={"accept": "*/*"})
    assert answer.headers["content-type"].startswith("text/xml")
    assert "<BaseCurrency>GBP</BaseCurrency>" in answer.text


# Reads


def found(xero: Xero, path: str, where: str, **query: Any) -> list[str]:
    answer = xero.get(path, where=where, page=1, **query)
    assert answer.status_code == 200, answer.text
    plural = path.strip("/")
    name = {"Invoices": "InvoiceNumber", "Payments": "Reference", "ManualJournals": "Narration"}[plural]
    return [str(item[name]) for item in answer.json()[plural]]


def test_where_finds_what_it_says() -> None:
    xero = Xero()
    for number, day in (("D-1", "2026-10-31"), ("D-2", "2026-11-01"), ("D-3", "2026-11-30"), ("D-4", "2026-12-01")):
        xero.invoice(number, Date=day, Reference=f"deal {number}")
    xero.pay("D-2", "500.00", Reference="D-2:P1")
    xero.pay("D-3", "600.00", Reference="D-3:P1")
    xero.put("/ManualJournals", {"ManualJournals": [journal(Narration="abc123 cost")]})
    month = 'Type=="ACCREC" AND Date>=DateTime(2026,11,01) AND Date<=DateTime(2026,11,30)'
    assert found(xero, "/Invoices", month) == ["D-2", "D-3"]
    assert found(xero, "/Invoices", month, order="InvoiceNumber DESC") == ["D-3", "D-2"]
    assert found(xero, "/Invoices", '(InvoiceNumber=="D-1" || Reference=="DEAL D-4") && Total>100') == ["D-1", "D-4"]
    assert found(xero, "/Invoices", f'Contact.ContactID==Guid("{xero.contact()}")', Statuses="PAID") == []
    assert found(xero, "/Invoices", "AmountDue<16145.00") == ["D-2", "D-3"]
    assert found(xero, "/Payments", 'Invoice.InvoiceNumber=="D-2" AND Amount==500.00') == ["D-2:P1"]
    assert found(xero, "/Payments", 'Reference=="D-3:P1" AND Status!="DELETED"') == ["D-3:P1"]
    assert found(xero, "/ManualJournals", 'Narration.StartsWith("abc123")') == ["abc123 cost"]
    assert found(xero, "/ManualJournals", 'Date==DateTime(2026,11,20) AND Narration.Contains("COST")') == [
        "abc123 cost"
    ]
    for bad in (
        "Nonsense==1",
        'InvoiceID=="x"',
        "Date>=",
        "Total==DateTime(2026,13,1)",
        'Date=="2026-11-20"',
        "(Total>1",
    ):
        answer = xero.get("/Invoices", where=bad)
        assert (answer.status_code, answer.json()["Type"]) == (400, "QueryParseException")


def test_pages_summaries_and_filters_by_list() -> None:
    xero = Xero()
    made = [xero.invoice(f"D-{n}") for n in range(1, 6)]
    page = xero.get("/Invoices", page=2, pageSize=2).json()
    assert page["pagination"] == {"page": 2, "pageSize": 2, "pageCount": 3, "itemCount": 5}
    assert [item["InvoiceNumber"] for item in page["Invoices"]] == ["D-3", "D-4"]
    assert len(page["Invoices"][0]["LineItems"]) == 5
    whole = xero.get("/Invoices").json()
    assert "pagination" not in whole
    assert "LineItems" not in whole["Invoices"][0]
    assert "LineItems" not in xero.get("/Invoices", page=1, summaryOnly="true").json()["Invoices"][0]
    assert len(xero.get("/Invoices", InvoiceNumbers="D-1,D-5,D-9").json()["Invoices"]) == 2
    assert len(xero.get("/Invoices", IDs=f"{made[0]['InvoiceID']},{NOBODY}").json()["Invoices"]) == 1
    assert len(xero.get("/Invoices", createdByMyApp="true").json()["Invoices"]) == 5
    assert len(xero.get("/Invoices", searchTerm="stk-8812").json()["Invoices"]) == 5
    assert xero.get("/Invoices", page=1, pageSize=1001).status_code == 400
    assert xero.get("/Invoices", page=0).status_code == 400


def test_if_modified_since_and_changes_that_do_not_count() -> None:
    xero = Xero()
    xero.invoice("D-1")
    xero.clock.sleep(3600)
    xero.http.headers.update(xero.sandbox.headers())
    xero.invoice("D-2")
    xero.pay("D-2", "1.00")

    def changed(since: str) -> list[str]:
        answer = xero.http.get("/Invoices", headers={"if-modified-since": since})
        return [item["InvoiceNumber"] for item in answer.json()["Invoices"]]

    assert changed("2026-11-20T09:30:00") == ["D-2"]
    assert changed("2026-11-20T09:00:00") == ["D-1", "D-2"]
    assert changed("Fri, 20 Nov 2026 09:30:00 GMT") == ["D-2"]
    xero.clock.sleep(3600)
    xero.http.headers.update(xero.sandbox.headers())
    xero.post("/Invoices/D-2", {"DueDate": "2026-12-24"})
    assert xero.get("/Invoices/D-2").json()["Invoices"][0]["DueDateString"] == "2026-12-24T00:00:00"
    assert changed("2026-11-20T10:30:00") == []


def test_journals_are_for_the_premium_tier_and_hold_the_ledger() -> None:
    xero = Xero()
    STORIES["sale"](xero)
    assert xero.get("/Journals").status_code == 403
    xero.sandbox.settings.premium = True
    listed = xero.get("/Journals", offset=0).json()["Journals"]
    assert [entry["JournalNumber"] for entry in listed] == list(range(1, len(listed) + 1))
    assert {entry["SourceType"] for entry in listed} == {"ACCREC", "ACCRECPAYMENT", "MANJOURNAL"}
    assert all(round(sum(part["NetAmount"] for part in entry["JournalLines"]), 2) == 0 for entry in listed)
    assert len(xero.get("/Journals", offset=2).json()["Journals"]) == len(listed) - 2


def test_history_notes() -> None:
    xero = Xero()
    made = xero.invoice()
    path = f"/Invoices/{made['InvoiceID']}/History"
    xero.put(path, {"HistoryRecords": [{"Details": "VIN TMBJJ7NX3PY012345"}]})
    assert [note["Changes"] for note in xero.get(path).json()["HistoryRecords"]] == ["Created", "Note"]


def test_bodies_that_are_none() -> None:
    xero = Xero()
    broken = xero.http.put("/Invoices", content=b"{")
    assert (broken.status_code, broken.json()["Type"]) == (400, "PostDataInvalidException")
    assert xero.put("/Invoices", {"Invoices": []}).json()["Type"] == "NoDataProcessedException"
    assert xero.http.put("/Invoices", content=b'{"Total": NaN}').status_code == 400
    assert xero.get("/Nothing").status_code == 404


# Idempotency


def test_a_key_gives_the_first_answer_for_six_minutes() -> None:
    xero = Xero()
    xero.invoice()
    first = xero.pay("D-20931", "500.00", "key-1")
    xero.clock.sleep(359)
    again = xero.pay("D-20931", "500.00", "key-1")
    assert again.content == first.content
    assert xero.due("D-20931") == Decimal("15645.00")
    other = xero.pay("D-20931", "501.00", "key-1")
    assert other.status_code == 400
    assert "used with a different request" in other.json()["Message"]
    xero.clock.sleep(1)
    assert (
        xero.pay("D-20931", "500.00", "key-1").json()["Payments"][0]["PaymentID"]
        != (first.json()["Payments"][0]["PaymentID"])
    )
    assert xero.due("D-20931") == Decimal("15145.00")
    assert [write.key for write in xero.sandbox.log.writes if write.kind == "Payment"] == ["key-1", "key-1"]


def test_a_replay_outlives_the_document() -> None:
    xero = Xero()
    first = xero.put("/Invoices", {"Invoices": [xero.deal("D-1", Status="DRAFT")]}, "key-1")
    xero.sandbox.hand.delete("Invoice", "D-1")
    again = xero.put("/Invoices", {"Invoices": [xero.deal("D-1", Status="DRAFT")]}, "key-1")
    assert again.content == first.content
    assert xero.sandbox.log.standing("Invoice") == {}


def test_a_refusal_is_kept_under_its_key_too() -> None:
    xero = Xero()
    bad = xero.deal("D-1", LineItems=[line("x", "1", account="205")])
    xero.sandbox.hand.archive("Account", "205")
    assert xero.put("/Invoices", {"Invoices": [bad]}, "key-1").status_code == 400
    xero.sandbox.hand.unarchive("Account", "205")
    assert xero.put("/Invoices", {"Invoices": [bad]}, "key-1").status_code == 400
    assert xero.put("/Invoices", {"Invoices": [bad]}, "key-2").status_code == 200


def test_keys_that_are_too_long_and_a_key_store_that_is_down() -> None:
    xero = Xero()
    assert xero.put("/Contacts", {"Contacts": [{"Name": "A"}]}, "k" * 129).status_code == 400
    assert xero.put("/Contacts", {"Contacts": [{"Name": "A"}]}, "k" * 128).status_code == 200
    xero.sandbox.settings.key_store_down = True
    assert xero.put("/Contacts", {"Contacts": [{"Name": "B"}]}, "k").status_code == 500
    assert xero.get("/Contacts/B").status_code == 404


# Limits


def test_the_limit_of_a_minute_rolls_and_replays_count() -> None:
    xero = Xero(Settings(per_minute=3))
    body = {"Contacts": [{"Name": "A"}]}
    first = xero.put("/Contacts", body, "key-1")
    assert (first.headers["x-minlimit-remaining"], first.headers["x-daylimit-remaining"]) == ("2", "4999")
    assert first.headers["x-appminlimit-remaining"] == "9999"
    xero.clock.sleep(20)
    xero.put("/Contacts", body, "key-1")
    xero.put("/Contacts", body, "key-1")
    refused = xero.put("/Contacts", body, "key-1")
    assert refused.status_code == 429
    assert (refused.headers["x-rate-limit-problem"], refused.headers["retry-after"]) == ("minute", "40")
    xero.clock.sleep(40)
    assert xero.put("/Contacts", body, "key-1").status_code == 200
    assert xero.get("/Contacts").status_code == 429


def test_the_limit_of_a_day_and_of_the_app() -> None:
    xero = Xero(Settings(per_minute=100, per_day=2))
    xero.get("/Contacts")
    xero.clock.sleep(600)
    xero.get("/Contacts")
    refused = xero.get("/Contacts")
    assert (refused.headers["x-rate-limit-problem"], refused.headers["retry-after"]) == ("day", str(86_400 - 600))
    other = xero.sandbox.add_organisation("NZ")
    xero.http.headers.update(xero.sandbox.headers())
    xero.http.headers["xero-tenant-id"] = other.tenant
    assert xero.get("/Contacts").status_code == 200
    xero.sandbox.settings.app_per_minute = 1
    assert xero.get("/Contacts").headers["x-rate-limit-problem"] == "appminute"


def test_a_sixth_call_at_the_same_time_is_refused() -> None:
    sandbox = XeroSandbox(Settings(latency=0.05))
    head, seen = sandbox.headers(), []
    gate = threading.Barrier(8)

    def one() -> None:
        client = httpx.Client(transport=SandboxTransport(sandbox), base_url="https://xero.test/api.xro/2.0")
        gate.wait()
        seen.append(client.get("/Organisation", headers=head))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [answer for answer in seen if answer.status_code == 429]
    assert 1 <= len(refused) <= 3
    assert {answer.headers["x-rate-limit-problem"] for answer in refused} == {"concurrent"}
    assert {answer.status_code for answer in seen} == {200, 429}


# Faults


@pytest.mark.parametrize(
    ("fault", "problem"),
    [(Fault.LIMIT_SECOND, "appminute"), (Fault.LIMIT_MINUTE, "minute"), (Fault.LIMIT_DAY, "day"),
     (Fault.LIMIT_CONCURRENT, "concurrent")],
)  # fmt: skip
def test_limits_as_faults(fault: Fault, problem: str) -> None:
    xero = Xero(faults=ordered(None, fault))
    deal = xero.deal()
    answer = xero.put("/Invoices", {"Invoices": [deal]}, "key-1")
    assert (answer.status_code, answer.headers["x-rate-limit-problem"]) == (429, problem)
    assert int(answer.headers["retry-after"]) > 0
    assert xero.put("/Invoices", {"Invoices": [deal]}, "key-1").status_code == 200
    assert xero.sandbox.faults.hits[fault] == 1


def test_500_stays_under_its_key_and_503_does_not() -> None:
    settings_ = Settings(server_errors=(503, 500))
    xero = Xero(settings_, faults=ordered(None, Fault.SERVER_ERROR, Fault.SERVER_ERROR))
    deal = {"Invoices": [xero.deal()]}
    assert xero.put("/Invoices", deal, "key-1").status_code == 503
    assert xero.put("/Invoices", deal, "key-1").status_code == 500
    assert xero.put("/Invoices", deal, "key-1").status_code == 500
    assert xero.put("/Invoices", deal, "key-2").status_code == 200
    assert len(xero.sandbox.log.standing("Invoice")) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_error_after_the_commit(status: int) -> None:
    xero = Xero(Settings(server_errors=(status,)), faults=ordered(None, Fault.SERVER_ERROR_AFTER))
    deal = {"Invoices": [xero.deal()]}
    assert xero.put("/Invoices", deal, "key-1").status_code == status
    assert xero.put("/Invoices", deal, "key-1").status_code == (500 if status == 500 else 200)
    assert messages(xero.put("/Invoices", deal, "key-2")) == ["Invoice # must be unique."]


def test_an_error_body_with_status_200() -> None:
    xero = Xero(faults=ordered(None, Fault.ERROR_BODY_200))
    deal = {"Invoices": [xero.deal()]}
    answer = xero.put("/Invoices", deal, "key-1", summarizeErrors="false")
    element = answer.json()["Invoices"][0]
    assert answer.status_code == 200
    assert (element["StatusAttributeString"], element["HasErrors"], element["InvoiceNumber"]) == (
        "ERROR",
        True,
        "D-20931",
    )
    assert xero.put("/Invoices", deal, "key-1", summarizeErrors="false").content == answer.content
    assert xero.sandbox.log.standing("Invoice") == {}


def test_an_expired_token_stays_expired() -> None:
    xero = Xero(faults=ordered(Fault.TOKEN_EXPIRED, kind="read"))
    assert xero.get("/Contacts").json()["Detail"].startswith("TokenExpired")
    assert xero.get("/Contacts").status_code == 401
    xero.http.headers.update(xero.sandbox.headers())
    assert xero.get("/Contacts").status_code == 200


def test_a_rotated_token_that_got_lost() -> None:
    xero = Xero(faults=ordered(Fault.TOKEN_LOST, kind="token"))
    held = xero.sandbox.identity.tokens(xero.sandbox.identity.consent())["refresh_token"]
    with pytest.raises(httpx.ReadTimeout):
        token(xero, grant_type="refresh_token", refresh_token=held)
    assert xero.sandbox.identity.refreshes == 1
    assert token(xero, grant_type="refresh_token", refresh_token=held).status_code == 200


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.TIMEOUT_AFTER, httpx.ReadTimeout),
        (Fault.RESET, httpx.RemoteProtocolError),
        (Fault.TIMEOUT_BEFORE, httpx.ReadTimeout),
        (Fault.REFUSED, httpx.ConnectError),
    ],
)
def test_answers_that_do_not_come(fault: Fault, error: type[Exception]) -> None:
    xero = Xero(faults=ordered(None, fault))
    deal = {"Invoices": [xero.deal()]}
    with pytest.raises(error):
        xero.put("/Invoices", deal, "key-1")
    done = fault in (Fault.TIMEOUT_AFTER, Fault.RESET)
    assert len(xero.sandbox.log.standing("Invoice")) == done
    assert xero.put("/Invoices", deal, "key-1").status_code == 200
    assert len(xero.sandbox.log.standing("Invoice")) == 1


def test_a_late_commit_holds_its_key() -> None:
    """The repeat under the same key waits for the first; under another key it is a second payment."""
    xero = Xero(faults=ordered(None, None, Fault.LATE_COMMIT))
    xero.sandbox.late = (200.0, 200.0)
    xero.invoice()
    started = xero.clock.now()
    with pytest.raises(httpx.ReadTimeout):
        xero.pay("D-20931", "500.00", "key-1")
    assert xero.due("D-20931") == Decimal("16145.00")
    assert xero.pay("D-20931", "500.00", "key-1").status_code == 200
    assert xero.clock.now() - started == timedelta(seconds=200)
    assert xero.due("D-20931") == Decimal("15645.00")


def test_a_late_commit_after_a_repeat_under_another_key_is_a_duplicate() -> None:
    xero = Xero(faults=ordered(None, None, Fault.LATE_COMMIT))
    xero.sandbox.late = (300.0, 300.0)
    xero.invoice()
    with pytest.raises(httpx.ReadTimeout):
        xero.pay("D-20931", "500.00", "key-1")
    xero.pay("D-20931", "500.00", "key-2")
    assert xero.due("D-20931") == Decimal("15645.00")
    xero.clock.sleep(300)
    assert xero.due("D-20931") == Decimal("15145.00")


def test_a_late_commit_of_an_invoice_meets_its_number() -> None:
    for inside in (True, False):
        xero = Xero(Settings(late_inside=inside), faults=ordered(None, Fault.LATE_COMMIT))
        deal = {"Invoices": [xero.deal()]}
        with pytest.raises(httpx.ReadTimeout):
            xero.put("/Invoices", deal, "key-1")
        assert xero.put("/Invoices", deal, "key-2").status_code == 200
        xero.clock.sleep(600)
        assert len([write for write in xero.sandbox.log.writes if write.kind == "Invoice"]) == 1


def test_a_lagging_search_hides_what_is_new_and_its_id_finds_it() -> None:
    xero = Xero(faults=ordered(None, None, Fault.LAGGING_SEARCH, Fault.LAGGING_SEARCH, kind="read"))
    made = xero.invoice()
    assert xero.get(f"/Invoices/{made['InvoiceID']}").status_code == 200
    assert xero.get("/Invoices", InvoiceNumbers="D-20931").json()["Invoices"] == []
    assert xero.sandbox.faults.hits[Fault.LAGGING_SEARCH] == 1
    xero.clock.sleep(31)
    assert len(xero.get("/Invoices", InvoiceNumbers="D-20931").json()["Invoices"]) == 1
    assert xero.sandbox.faults.hits[Fault.LAGGING_SEARCH] == 1


def test_an_element_says_in_its_own_way_that_it_was_refused() -> None:
    xero = Xero()
    xero.invoice()
    paid = {"Invoice": {"InvoiceNumber": "D-20931"}, "Account": {"Code": "090"}, "Date": DAY, "Amount": 99999}
    refused = xero.put("/Payments", {"Payments": [paid]}, summarizeErrors="false").json()["Payments"][0]
    assert (refused["StatusAttributeString"], refused["HasValidationErrors"]) == ("ERROR", True)
    crooked = journal(credit="610")
    told = xero.put("/ManualJournals", {"ManualJournals": [crooked]}, summarizeErrors="false").json()["ManualJournals"][
        0
    ]
    assert (told["StatusAttributeString"], len(told["ValidationErrors"])) == ("ERROR", 1)


def test_the_same_seed_gives_the_same_faults() -> None:
    def told(seed: int) -> tuple[list[object], dict[Fault, int], set[object]]:
        rates = dict.fromkeys(Fault, 0.04)
        xero = Xero(faults=FaultPlan(seed, rates))
        xero.sandbox.settings.access_token_life = 10.0**9
        seen: list[object] = []
        for place in range(150):
            xero.http.headers.update(xero.sandbox.headers())
            body = {"Contacts": [{"Name": f"Buyer {place}"}]}
            try:
                answer = xero.put("/Contacts", body, f"key-{place}") if place % 3 else xero.get("/Contacts", page=1)
                seen.append((answer.status_code, len(answer.content)))
            except httpx.TransportError as error:
                seen.append(type(error))
        xero.clock.sleep(3600)
        names = [write.document["Name"] for write in xero.sandbox.log.writes]
        assert len(names) == len(set(names))
        return seen, dict(xero.sandbox.faults.hits), set(names)

    first = told(7)
    assert first == told(7)
    assert first != told(8)
    assert len(first[1]) >= 12


def test_slow_answers_come() -> None:
    xero = Xero(faults=ordered(Fault.SLOW, kind="read"))
    started = xero.clock.now()
    assert xero.get("/Organisation").status_code == 200
    assert xero.clock.now() - started == timedelta(seconds=100)
