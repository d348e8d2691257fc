"""The Odoo sandbox: searching, `load`, orders to read, custom fields, faults, a person at a screen, and the log."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from odoo_sandbox_support import COST, CUSTOMER, STOCK, VAT, Office, Refused, line

from sandbox.kit import Call, Fault, FaultPlan, NoAnswer
from sandbox.kit.server import serving
from sandbox.odoo import OdooError, OdooSandbox, Settings


@pytest.fixture
def office() -> Office:
    return Office()


# --- searching ---


@pytest.mark.parametrize(
    ("domain", "refs"),
    [
        ([["ref", "in", ["A", "C"]]], "AC"),
        ([["ref", "not in", ["A", "C"]]], "BD"),
        (["|", ["ref", "=", "A"], ["amount_total", ">=", 30]], "ACD"),
        (["!", ["ref", "=", "A"]], "BCD"),
        (["&", ["amount_total", ">", 10], "!", ["ref", "ilike", "d"]], "BC"),
        ([["ref", "!=", "A"], ["amount_total", "<=", 20]], "B"),
        ([["invoice_date", ">=", "2026-11-03"]], "CD"),
        ([["ref", "=?", False]], "ABCD"),
        ([["x_deal_key", "=", False]], "BCD"),
        ([["x_deal_key", "!=", False]], "A"),
        ([["partner_id.ref", "=", "CRM-1"], ["ref", "=", "B"]], "B"),
        ([["partner_id", "ilike", "jo"]], "ABCD"),
        ([["line_ids.account_id", "=", STOCK]], ""),
        ([["ref", "=like", "_"]], "ABCD"),
    ],
)
def test_domains(office: Office, domain: list[Any], refs: str) -> None:
    for index, ref in enumerate("ABCD"):
        values = {"x_deal_key": "k"} if ref == "A" else {}
        office.invoice(line("x", f"{index + 1}0"), ref=ref, invoice_date=f"2026-11-0{index + 1}", **values)
    found = office("account.move", "search_read", domain=domain, fields=["ref"], order="ref")
    assert "".join(row["ref"] for row in found) == refs


def test_bare_ids_and_order(office: Office) -> None:
    first, second = office.invoice(ref="b"), office.invoice(ref="a")
    rows = office("account.move", "search_read", fields=["partner_id"], order="ref asc, id desc", load=None)
    assert rows == [{"id": second, "partner_id": CUSTOMER}, {"id": first, "partner_id": CUSTOMER}]
    shown = office("account.move", "read", ids=[first], fields=["partner_id"])
    assert shown[0]["partner_id"] == [CUSTOMER, "Jo Buyer"]
    with pytest.raises(Refused, match="order"):
        office("account.move", "search", order="ref sideways")


def test_archived_records_hide(office: Office) -> None:
    office.box.hand.archive("res.partner", CUSTOMER)
    assert office("res.partner", "search", domain=[["ref", "=", "CRM-1"]]) == []
    assert office("res.partner", "search", domain=[["ref", "=", "CRM-1"], ["active", "=", False]]) == [CUSTOMER]


def test_read_group_sums_by_month(office: Office) -> None:
    for day in ("2026-10-05", "2026-11-05", "2026-11-06"):
        office.entry((COST, "10"), (STOCK, "-10"), date=day, post=True)
    rows = office("account.move.line", "read_group", domain=[["account_id", "=", COST]], fields=["balance:sum"],
                  groupby=["date:month"])  # fmt: skip
    assert [(row["date:month"], row["balance"], row["date_count"]) for row in rows] == [
        ("October 2026", 10, 1), ("November 2026", 20, 2),
    ]  # fmt: skip


# --- load ---


def test_load_tells_what_is_wrong_and_leaves_nothing(office: Office) -> None:
    fields = ["id", "move_type", "partner_id/.id", "invoice_line_ids/name", "invoice_line_ids/price_unit"]
    data = [["__deal__.L1", "out_invoice", "6", "Vehicle", "1"], ["__deal__.L2", "out_invoice", "999", "Vehicle", "1"]]
    told = office("account.move", "load", fields=fields, data=data)
    assert told["ids"] is False
    assert (told["messages"][0]["record"], told["messages"][0]["rows"]) == (1, {"from": 1, "to": 1})
    assert office("account.move", "search_count") == 0
    assert office("ir.model.data", "search_count") == 0


def test_load_without_ids_of_lines_adds_them_again(office: Office) -> None:
    fields = ["id", "move_type", "partner_id/.id", "invoice_line_ids/name", "invoice_line_ids/price_unit"]
    for lines in (1, 2):
        told = office("account.move", "load", fields=fields, data=[["__deal__.L1", "out_invoice", "6", "Vehicle", "1"]])
        assert len(office.move(told["ids"][0], "invoice_line_ids")["invoice_line_ids"]) == lines


def test_a_name_is_free_again_when_its_record_is_gone(office: Office) -> None:
    fields, row = ["id", "name"], [["__deal__.C1", "Jo"]]
    first = office("res.partner", "load", fields=fields, data=row)["ids"]
    office("res.partner", "unlink", ids=first)
    assert office("res.partner", "load", fields=fields, data=row)["ids"] != first


def test_a_claim_is_unique_by_module_and_name(office: Office) -> None:
    """A row that two callers want: the second one is refused, whoever asked the first time."""
    claim = {"module": "__deal__", "name": "D1", "model": "account.move", "res_id": 1}
    office("ir.model.data", "create", vals_list=[claim])
    with pytest.raises(Refused, match="duplicate key") as caught:
        office("ir.model.data", "create", vals_list=[claim | {"res_id": 2}])
    assert (caught.value.status, caught.value.kind) == (422, "ValidationError")
    office("ir.model.data", "create", vals_list=[claim | {"module": "__other__"}])
    office("ir.model.data", "unlink", ids=office("ir.model.data", "search", domain=[["name", "=", "D1"]]))
    office("ir.model.data", "create", vals_list=[claim])


def test_the_write_date_moves_with_a_change_and_only_then(office: Office) -> None:
    number = office.invoice(ref="a")
    before = office.move(number, "write_date")["write_date"]
    office.clock.sleep(60)
    office("account.move", "write", ids=[number], vals={"ref": "a"})
    assert office.move(number, "write_date")["write_date"] == before == "2026-11-23 09:00:00"
    office("account.move", "write", ids=[number], vals={"ref": "b"})
    assert office.move(number, "write_date")["write_date"] == "2026-11-23 09:01:00"


# --- custom fields ---


def test_a_custom_field_is_made_by_a_call() -> None:
    office = Office(custom_fields={})
    assert office("account.move", "fields_get", allfields=["x_deal_key"]) == {}
    model = office("ir.model", "search", domain=[["model", "=", "account.move"]])[0]
    given = {"model_id": model, "name": "x_deal_key", "ttype": "char", "field_description": "Deal"}
    office("ir.model.fields", "create", vals_list=[given])
    number = office.invoice(x_deal_key="k")
    assert office("account.move", "search", domain=[["x_deal_key", "=", "k"]]) == [number]
    assert office("account.move", "fields_get", allfields=["x_deal_key"])["x_deal_key"]["type"] == "char"
    with pytest.raises(Refused, match="starts with 'x_'"):
        office("ir.model.fields", "create", vals_list=[{**given, "name": "deal_key"}])


# --- orders ---


@pytest.mark.parametrize("version", [16, 19])
def test_orders_are_read_by_their_change(version: int) -> None:
    box = OdooSandbox(Settings(version=version))
    taxes = box.settings.of_version.order_taxes
    partner = box.add("res.partner", name="Jo")
    order = box.hand.make("sale.order", partner_id=partner, client_order_ref="D-1", order_line=[
        (0, 0, {"name": "Vehicle", "price_unit": 100, taxes: [(6, 0, [VAT])]}),
    ])  # fmt: skip
    with box.server.transaction() as env:
        env["sale.order"].action_confirm([order])  # type: ignore[attr-defined]
        env["sale.order"].action_lock([order])  # type: ignore[attr-defined]
    found = box.look("sale.order", order)
    assert (found["state"], found["amount_total"], found["name"]) == (
        "done" if version == 16 else "sale",
        120,
        "S00001",
    )
    assert ("locked" in found) is (version != 16)
    assert box.find("sale.order", ["write_date", ">=", found["write_date"]], ["state", "in", ["sale", "done"]]) == [
        order
    ]


# --- faults ---


def _post(box: OdooSandbox, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    headers = {"authorization": f"bearer {box.api_key}"}
    answer = box.handle(Call("POST", path, {}, headers, json.dumps(body).encode()))
    return answer.status, answer.body


_PARTNER = ("/json/2/res.partner/create", {"vals_list": [{"name": "Ann"}]})


def _partners(office: Office) -> int:
    return len(office.box.find("res.partner", ["name", "=", "Ann"]))


def test_faults_before_leave_nothing() -> None:
    office = Office(FaultPlan())
    office.box.faults.order([Fault.SERVER_ERROR, Fault.TOKEN_EXPIRED, Fault.LIMIT_CONCURRENT])
    answers = [_post(office.box, *_PARTNER) for _ in range(3)]
    assert answers[0][0] in (500, 502, 503, 504)
    assert [status for status, _ in answers[1:]] == [401, 500]
    assert b"could not serialize access" in answers[2][1]
    assert _partners(office) == 0
    assert sum(office.box.faults.hits.values()) == 3


def test_faults_that_it_does_not_have_let_the_call_through() -> None:
    office = Office(FaultPlan())
    office.box.faults.order([Fault.LIMIT_MINUTE, Fault.LIMIT_SECOND, Fault.ERROR_BODY_200])
    assert [_post(office.box, *_PARTNER)[0] for _ in range(3)] == [200, 200, 200]
    assert not office.box.faults.hits


def test_an_error_can_come_after_the_commit() -> None:
    office = Office(FaultPlan())
    office.box.faults.order([Fault.SERVER_ERROR_AFTER])
    assert _post(office.box, *_PARTNER)[0] >= 500
    assert _partners(office) == 1


def test_a_slow_answer_is_an_answer() -> None:
    office = Office(FaultPlan())
    before = office.clock.now()
    office.box.faults.order([Fault.SLOW])
    assert _post(office.box, *_PARTNER)[0] == 200
    assert 60 < (office.clock.now() - before).total_seconds() < 120


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_gives_the_same_faults_and_the_log_agrees(seed: int) -> None:
    """Two hundred creates under every fault: what the log tells is what is there, and a second run is the same."""

    def run() -> tuple[list[str], list[tuple[str, str]]]:
        rates = dict.fromkeys(Fault, 0.04)
        office = Office(FaultPlan(seed, rates), per_second=0)
        seen = []
        for _ in range(200):
            try:
                seen.append(str(_post(office.box, *_PARTNER)[0]))
            except NoAnswer as error:
                seen.append(error.how)
        office.clock.sleep(1000)
        assert _partners(office) == len(office.box.log.writes) > 50
        return seen, [(write.action, write.ref) for write in office.box.log.writes]

    first = run()
    assert first == run()
    assert {"timeout", "refused", "reset"} <= set(first[0])


@pytest.mark.parametrize(("fault", "how"), [(Fault.TIMEOUT_AFTER, "timeout"), (Fault.RESET, "reset")])
def test_faults_after_have_done_it(fault: Fault, how: str) -> None:
    office = Office(FaultPlan())
    office.box.faults.order([fault])
    with pytest.raises(NoAnswer) as caught:
        _post(office.box, *_PARTNER)
    assert (caught.value.how, _partners(office)) == (how, 1)


def test_a_commit_can_come_long_after_the_time_out() -> None:
    office = Office(FaultPlan(seed=3))
    office.box.faults.order([Fault.LATE_COMMIT])
    with pytest.raises(NoAnswer):
        _post(office.box, *_PARTNER)
    assert _partners(office) == 0
    office.clock.sleep(600)
    assert _partners(office) == 1


def test_a_concurrent_update_hides_in_a_200() -> None:
    office = Office(FaultPlan())
    office.box.faults.order([Fault.ERROR_BODY_200] * 2)
    status, body = _post(office.box, "/json/2/res.partner/load", {"fields": ["name"], "data": [["Ann"]]})
    assert (status, json.loads(body)["ids"]) == (200, False)
    args = ["books", 2, "admin", "res.partner", "create", [{"name": "Ann"}]]
    asked = {"jsonrpc": "2.0", "params": {"service": "object", "method": "execute_kw", "args": args}}
    status, body = _post(office.box, "/jsonrpc", asked)
    assert (status, json.loads(body)["error"]["data"]["name"]) == (200, "psycopg2.errors.SerializationFailure")
    assert _partners(office) == 0


def test_reads_and_writes_are_told_apart(office: Office) -> None:
    def kind(path: str, body: dict[str, Any]) -> str:
        return office.box.kind_of(Call("POST", path, {}, {}, json.dumps(body).encode()))

    assert kind("/json/2/account.move/search_read", {}) == "read"
    assert kind("/json/2/account.move/action_post", {}) == "write"
    assert kind("/json/2/res.users.apikeys/generate", {}) == "token"
    args = ["books", 2, "admin", "account.move", "create", [{}]]
    assert kind("/jsonrpc", {"params": {"service": "object", "method": "execute_kw", "args": args}}) == "write"
    assert kind("/jsonrpc", {"params": {"service": "common", "method": "login", "args": []}}) == "read"


# --- a person, and the log ---


def test_a_person_does_what_people_do(office: Office) -> None:
    hand = office.box.hand
    number = office.invoice(post=True, x_deal_key="k")
    hand.reset_to_draft(number)
    hand.edit(
        "account.move", number, invoice_line_ids=[(5, 0, 0), (0, 0, {"name": "Other", "price_unit": 1, "tax_ids": []})]
    )
    hand.post(number)
    assert office.move(number, "amount_total", "name") == {"id": number, "amount_total": 1, "name": "INV/2026/00001"}
    hand.pay(number)
    assert office.move(number, "payment_state")["payment_state"] == "paid"
    hand.reset_to_draft(number)
    hand.delete("account.move", number)
    assert office("account.move", "search", domain=[["x_deal_key", "=", "k"]]) == []
    typed = hand.type_invoice(CUSTOMER, [("Vehicle", "100")], ref="D-1", invoice_date="2026-11-20")
    again = office.invoice(ref="D-1", post=True)
    assert office.move(again, "duplicated_ref_ids")["duplicated_ref_ids"] == [typed]


def test_the_log_tells_every_commit(office: Office) -> None:
    number = office.invoice(post=True, x_deal_key="k")
    office("account.move", "write", ids=[number], vals={"narration": "VIN"})
    office("account.move", "write", ids=[number], vals={"narration": "VIN"})  # changes nothing
    office.pay(number, "100")
    office.box.hand.cancel(number)
    told = [
        (write.action, write.kind) for write in office.box.log.writes if write.ref == str(number) and write.key == "k"
    ]
    assert told == [(action, "account.move") for action in ("create", "post", "update", "allocate", "allocate", "void")]
    posted = office.box.log.writes[1].document
    assert (posted["state"], posted["amount_total"]) == ("posted", Decimal(100))
    assert sum(one["balance"] for one in posted["lines"]) == 0
    assert ("account.move", str(number)) not in office.box.log.standing()
    assert all(write.kind != "account.payment.register" for write in office.box.log.writes)


@pytest.mark.parametrize("model", ["res.partner", "account.account", "account.journal"])
def test_what_an_entry_uses_cannot_be_deleted(office: Office, model: str) -> None:
    office.invoice()
    used = {"res.partner": CUSTOMER, "account.account": 100, "account.journal": 7}[model]
    with pytest.raises(OdooError, match="Another model is using"):
        office.box.hand.delete(model, used)
    assert office.box.look(model, used)["id"] == used


def test_the_log_has_deleted_documents(office: Office) -> None:
    number = office.invoice()
    office("account.move", "unlink", ids=[number])
    assert [write.action for write in office.box.log.writes] == ["create", "delete"]


def test_httpx_reaches_it_over_a_port(office: Office) -> None:
    with serving(office.box) as address:
        answer = httpx.post(
            f"{address}/json/2/account.move/search_count",
            json={"domain": []},
            headers={"Authorization": f"bearer {office.box.api_key}"},
        )
    assert (answer.status_code, answer.json()) == (200, 0)
