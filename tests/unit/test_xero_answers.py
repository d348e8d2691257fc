"""What an answer of Xero means, by its body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blocks.ledgers.xero import XeroSettings
from blocks.ledgers.xero.answers import answered
from dealbooks.http import Reply
from dealbooks.ledger import Verdict

SETTINGS = XeroSettings()


def reply(status: int, body: Any) -> Reply:
    return Reply(status, {}, json.dumps(body).encode())


def refused(*messages: str) -> Reply:
    errors = [{"Message": message} for message in messages]
    body = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred",
            "Elements": [{"InvoiceID": "0", "ValidationErrors": errors}]}  # fmt: skip
    return reply(400, body)


def verdict(answer: Reply) -> Verdict:
    return answered(answer, "Invoices", "create the invoice", SETTINGS).outcome.verdict


def test_a_document_with_an_id_happened() -> None:
    told = answered(reply(200, {"Invoices": [{"InvoiceID": "i-1", "HasErrors": False}]}), "Invoices", "", SETTINGS)
    assert (told.outcome.verdict, told.outcome.ref) == (Verdict.HAPPENED, "Invoices/i-1")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(200, {"Invoices": []}), Verdict.UNKNOWN),
        (Reply(200, {}, b'{"Invoices": [{"Invo'), Verdict.UNKNOWN),
        (reply(200, {"Invoices": [{"InvoiceID": "00000000-0000-0000-0000-000000000000"}]}), Verdict.UNKNOWN),
        (
            reply(200, {"Invoices": [{"InvoiceID": "i", "HasErrors": True, "ValidationErrors": [{"Message": "No"}]}]}),
            Verdict.REFUSED,
        ),
        (reply(200, {"Invoices": [{"InvoiceID": "i", "StatusAttributeString": "ERROR"}]}), Verdict.REFUSED),
        (reply(500, {"Title": "InternalServerError"}), Verdict.UNKNOWN),
        (reply(503, {}), Verdict.UNKNOWN),
        (reply(403, {"Detail": "AuthenticationUnsuccessful"}), Verdict.DID_NOT_HAPPEN),
        (reply(404, "not found"), Verdict.REFUSED),
        (reply(400, {"Detail": "The idempotency key has been used with a different request"}), Verdict.UNKNOWN),
        (refused("Account code '999' is not a valid code for this document."), Verdict.REFUSED),
    ],
)
def test_the_body_decides(answer: Reply, expected: Verdict) -> None:
    assert verdict(answer) is expected


def test_a_number_in_use_asks_for_a_look_up() -> None:
    told = answered(refused("Invoice # must be unique."), "Invoices", "", SETTINGS)
    assert told.taken
    assert not told.name_taken


def test_a_name_in_use_is_no_number_in_use() -> None:
    text = "The contact name A is already assigned to another contact. The contact name must be unique across all."
    told = answered(refused(text), "Contacts", "", SETTINGS)
    assert told.name_taken
    assert not told.taken


def test_an_error_that_will_pass_is_tried_when_the_key_is_forgotten() -> None:
    body = {"InvoiceID": "i", "HasErrors": True, "ValidationErrors": [{"Message": "Internal error. Please try again."}]}
    outcome = answered(reply(200, {"Invoices": [body]}), "Invoices", "", SETTINGS).outcome
    assert outcome.verdict is Verdict.DID_NOT_HAPPEN
    assert outcome.retry_after is not None
    assert outcome.retry_after > SETTINGS.key_seconds


def test_a_locked_period_is_refused_with_what_to_do() -> None:
    text = "The document date cannot be before the period lock date, currently set at 31-Mar-2026"
    outcome = answered(refused(text), "Invoices", "create the invoice", SETTINGS).outcome
    assert outcome.verdict is Verdict.REFUSED
    assert "31-Mar-2026" in outcome.reason
    assert "closed in Xero" in outcome.reason


def test_the_words_of_a_refusal_can_be_corrected_in_the_settings() -> None:
    settings = XeroSettings.model_validate({"words": {"taken": ["already in use"]}})
    assert answered(refused("The number is already in use"), "Invoices", "", settings).taken
    assert not answered(refused("Invoice # must be unique."), "Invoices", "", settings).taken
