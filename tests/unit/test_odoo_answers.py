"""What Odoo's refusals mean, over each of its protocols, and that amounts travel exactly."""

from __future__ import annotations

import json
from decimal import Decimal
from xmlrpc.client import Fault, dumps

import pytest

from blocks.odoo.answers import is_posted_already, outcome_of
from blocks.odoo.wires import Ask, Failed, Json2, JsonRpc, Login, Said, XmlRpc
from dealbooks.http import Reply
from dealbooks.ledger import Verdict

LOGIN = Login("books", 2, "secret-key")
V = Verdict


def json2(name: str, message: str, status: int) -> Failed | Said:
    body = {"name": name, "message": message, "arguments": [message], "context": {}, "debug": "Traceback"}
    return Json2().read(Reply(status, {}, json.dumps(body).encode()))


def jsonrpc(name: str, message: str) -> Failed | Said:
    error = {"code": 200, "message": "Odoo Server Error", "data": {"name": name, "message": message}}
    return JsonRpc().read(Reply(200, {}, json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}).encode()))


def xml(code: int, text: str) -> Failed | Said:
    return XmlRpc().read(Reply(200, {}, dumps(Fault(code, text)).encode()))


MEANINGS = [
    ("odoo.exceptions.UserError", 422, V.REFUSED),
    ("odoo.exceptions.ValidationError", 422, V.REFUSED),
    ("odoo.exceptions.AccessError", 403, V.REFUSED),
    ("odoo.exceptions.AccessDenied", 403, V.DID_NOT_HAPPEN),
    ("odoo.exceptions.MissingError", 404, V.REFUSED),
    ("odoo.exceptions.LockError", 409, V.DID_NOT_HAPPEN),
    ("psycopg2.errors.SerializationFailure", 500, V.DID_NOT_HAPPEN),
    ("builtins.ValueError", 500, V.REFUSED),
    ("psycopg2.OperationalError", 500, V.UNKNOWN),
]


@pytest.mark.parametrize(("name", "status", "verdict"), MEANINGS)
def test_an_exception_means_the_same_over_both_json_protocols(name: str, status: int, verdict: Verdict) -> None:
    for failed in (json2(name, "words", status), jsonrpc(name, "words")):
        assert isinstance(failed, Failed)
        assert outcome_of(failed).verdict is verdict


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        (2, "The entry is not balanced.", V.REFUSED),
        (3, "Access Denied", V.DID_NOT_HAPPEN),
        (4, "You are not allowed to", V.REFUSED),
        (1, "Traceback\npsycopg2.errors.SerializationFailure: could not serialize access\n", V.DID_NOT_HAPPEN),
        (1, "Traceback\nValueError: Invalid field 'x' in 'account.move'\n", V.REFUSED),
        (1, "something else", V.UNKNOWN),
    ],
)
def test_a_fault_is_told_by_its_code_and_its_last_line(code: int, text: str, verdict: Verdict) -> None:
    failed = xml(code, text)
    assert isinstance(failed, Failed)
    assert outcome_of(failed).verdict is verdict


def test_a_fault_about_an_answer_of_nothing_is_an_answer() -> None:
    text = "Traceback\nTypeError: cannot marshal None unless allow_none is enabled\n"
    assert xml(1, text) == Said(None)


@pytest.mark.parametrize("wire", [Json2(), JsonRpc(), XmlRpc()])
@pytest.mark.parametrize("status", [200, 502, 504])
def test_an_answer_that_is_not_the_servers_own_says_nothing(wire: Json2 | JsonRpc | XmlRpc, status: int) -> None:
    failed = wire.read(Reply(status, {}, b"<html><head><title>Bad Gateway</title></head>"))
    assert isinstance(failed, Failed)
    assert failed.kind == ""
    assert outcome_of(failed).verdict is V.UNKNOWN
    assert "Bad Gateway" in outcome_of(failed).reason


def test_half_an_answer_says_nothing() -> None:
    for wire, body in ((Json2(), b"[991"), (JsonRpc(), b'{"jsonrpc": "2.0", "resu'), (XmlRpc(), b"<methodRespo")):
        failed = wire.read(Reply(200, {}, body))
        assert isinstance(failed, Failed)
        assert outcome_of(failed).verdict is V.UNKNOWN


def test_posting_twice_is_told_by_its_words() -> None:
    assert is_posted_already(Failed("UserError", "The entry INV/1 (id 9) must be in draft.", 422))
    assert not is_posted_already(Failed("UserError", "You need to add a line before posting.", 422))


@pytest.mark.parametrize("amount", ["0.10", "10000.00", "1234.567", "99999999999999.99", "-0.01", "116839"])
def test_amounts_travel_with_their_own_decimals(amount: str) -> None:
    ask = Ask("account.move", "create", (), {"vals_list": [{"price_unit": Decimal(amount)}]})
    assert f'"price_unit":{amount}'.encode() in Json2().call(ask, LOGIN).body
    assert f'"price_unit":{amount}'.encode() in JsonRpc().call(ask, LOGIN).body
    assert f"<double>{amount}</double>".encode() in XmlRpc().call(ask, LOGIN).body
    assert Json2().read(Reply(200, {}, f"[{amount}]".encode())) == Said([json.loads(amount, parse_float=Decimal)])


def test_the_newer_protocol_names_its_arguments_and_the_older_ones_place_them() -> None:
    ask = Ask("account.move", "action_post", (7,), {}, {"allowed_company_ids": [1]})
    call = Json2().call(ask, LOGIN)
    assert call.path == "/json/2/account.move/action_post"
    assert json.loads(call.body) == {"ids": [7], "context": {"allowed_company_ids": [1]}}
    assert b"secret-key" not in call.body
    args = json.loads(JsonRpc().call(ask, LOGIN).body)["params"]["args"]
    context = {"context": {"allowed_company_ids": [1]}}
    assert args == ["books", 2, "secret-key", "account.move", "action_post", [[7]], context]


def test_a_key_is_not_shown_by_a_login() -> None:
    assert "secret-key" not in repr(LOGIN)
