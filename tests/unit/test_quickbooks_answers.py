"""What QuickBooks' answers mean: the body decides, not the status."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blocks.ledgers.quickbooks.answers import fault_in, outcome_of
from dealbooks.http import Reply
from dealbooks.ledger import Verdict

HAPPENED, AGAIN, REFUSED, UNKNOWN = (
    Verdict.HAPPENED,
    Verdict.DID_NOT_HAPPEN,
    Verdict.REFUSED,
    Verdict.UNKNOWN,
)


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, headers, json.dumps(body).encode())


def fault(code: str, message: str = "No", detail: str = "", kind: str = "ValidationFault") -> dict[str, Any]:
    return {"Fault": {"Error": [{"Message": message, "Detail": detail, "code": code}], "type": kind}}


@pytest.mark.parametrize(
    ("code", "status", "kind", "verdict"),
    [
        ("610", 400, "ValidationFault", REFUSED),
        ("2020", 400, "ValidationFault", REFUSED),
        ("2500", 400, "ValidationFault", REFUSED),
        ("6000", 400, "ValidationFault", REFUSED),
        ("6000", 200, "ValidationFault", REFUSED),
        ("6140", 400, "ValidationFault", REFUSED),
        ("6210", 400, "ValidationFault", REFUSED),
        ("6240", 400, "ValidationFault", REFUSED),
        ("5010", 400, "ValidationFault", AGAIN),
        ("3001", 429, "SERVICE", AGAIN),
        ("3001", 200, "SERVICE", AGAIN),
        ("3200", 401, "AUTHENTICATION", AGAIN),
        ("3100", 403, "SERVICE", AGAIN),
        ("6190", 400, "ValidationFault", AGAIN),
        ("120", 403, "AuthorizatonFault", AGAIN),
        ("10000", 500, "SystemFault", UNKNOWN),
        ("10000", 200, "SystemFault", UNKNOWN),
        ("6000", 500, "ValidationFault", UNKNOWN),
        ("", 400, "ValidationFault", UNKNOWN),
    ],
)
def test_a_fault_means_what_its_code_says(code: str, status: int, kind: str, verdict: Verdict) -> None:
    outcome = outcome_of(reply(fault(code, kind=kind), status), "Invoice", "invoice 7")
    assert outcome.verdict is verdict
    assert outcome.reason.startswith("invoice 7: ")


@pytest.mark.parametrize("status", [200, 201])
def test_a_document_with_an_id_happened(status: int) -> None:
    outcome = outcome_of(reply({"Invoice": {"Id": "145"}, "time": "now"}, status), "Invoice", "invoice 7")
    assert (outcome.verdict, outcome.ref) == (HAPPENED, "Invoice/145")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b"[]",
        b"null",
        b'{"Payment": {"Id": "1"}}',
        b'{"Invoice": {}}',
        b'{"Fault": 3}',
    ],
)
@pytest.mark.parametrize("status", [200, 400, 502])
def test_an_answer_that_says_nothing_is_unknown(body: bytes, status: int) -> None:
    assert outcome_of(Reply(status, {}, body), "Invoice", "invoice 7").verdict is UNKNOWN


def test_the_gateways_shape_in_lower_case_is_read_too() -> None:
    body = {"fault": {"error": [{"message": "Throttled", "detail": None, "code": "3001"}], "type": "SERVICE"}}
    found = fault_in(reply(body, 429))
    assert found is not None
    assert (found.code, found.message, found.detail) == ("3001", "Throttled", "")


def test_how_long_to_wait_is_taken_from_the_answer() -> None:
    throttled = reply(fault("3001"), 429, **{"retry-after": "17"})
    assert outcome_of(throttled, "Invoice", "x").retry_after == 17
    assert outcome_of(reply(fault("3001"), 429), "Invoice", "x").retry_after == 60


def test_closed_books_and_a_used_number_are_told_apart_by_their_words() -> None:
    closed = fault_in(reply(fault("6210", "Account Period Closed, Cannot Update Through Services API")))
    used = fault_in(reply(fault("6210", "Duplicate Document Number Error", "DocNumber=D-1 with TxnId=88")))
    assert closed is not None
    assert used is not None
    assert (closed.is_duplicate_number, used.is_duplicate_number) == (False, True)
    assert (closed.assigned_to, used.assigned_to) == ("", "88")
    assert "books are closed" in outcome_of(reply(fault("6210", "Account Period Closed")), "Invoice", "x").reason
