"""The Odoo sandbox's older doors, judged by odoorpc (JSON-RPC) and the standard library's XML-RPC client."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import odoorpc
import pytest
from odoo_sandbox_support import COST, STOCK, VAT

from sandbox.kit.server import serving
from sandbox.odoo import OdooSandbox, Settings


@pytest.fixture(params=[16, 17, 18, 19])
def client(request: pytest.FixtureRequest) -> Iterator[odoorpc.ODOO]:
    sandbox = OdooSandbox(Settings(version=request.param))
    with serving(sandbox) as address:
        parts = urlsplit(address)
        client = odoorpc.ODOO(parts.hostname, port=parts.port)
        client.login("books", "admin", "admin")
        yield client


def _draft(client: odoorpc.ODOO, ref: str) -> int:
    partner = client.env["res.partner"].create({"name": "Jo Buyer", "ref": ref})
    return int(
        client.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner,
                "ref": ref,
                "invoice_date": "2026-11-20",
                "invoice_line_ids": [(0, 0, {"name": "Vehicle", "price_unit": 20000.5, "tax_ids": [(6, 0, [VAT])]})],
            }
        )
    )


def test_odoorpc_creates_posts_and_reads(client: odoorpc.ODOO) -> None:
    move = _draft(client, "D-1")
    assert client.env["account.move"].action_post([move]) is False
    found = client.env["account.move"].browse(move)
    assert (found.state, found.name, found.amount_total) == ("posted", "INV/2026/00001", 24000.6)
    assert found.partner_id.name == "Jo Buyer"
    assert [row.display_type for row in found.line_ids] == ["product", "tax", "payment_term"]


def test_odoorpc_writes_through_its_records(client: odoorpc.ODOO) -> None:
    found = client.env["account.move"].browse(_draft(client, "D-2"))
    found.ref = "D-2 changed"
    assert client.env["account.move"].search([("ref", "=", "D-2 changed")]) == [found.id]


def test_odoorpc_raises_the_servers_refusal(client: odoorpc.ODOO) -> None:
    move = _draft(client, "D-3")
    client.env["account.move"].action_post([move])
    with pytest.raises(odoorpc.error.RPCError, match="must be in draft") as caught:
        client.env["account.move"].action_post([move])
    assert caught.value.info["data"]["name"] == "odoo.exceptions.UserError"


def test_odoorpc_pages(client: odoorpc.ODOO) -> None:
    moves = [_draft(client, f"P-{number}") for number in range(5)]
    model = client.env["account.move"]
    pages = [model.search([("ref", "like", "P-")], order="id", limit=2, offset=start) for start in (0, 2, 4)]
    assert pages == [moves[:2], moves[2:4], moves[4:]]
    assert model.search_count([("ref", "like", "P-")]) == 5


def test_odoorpc_is_not_let_in_with_a_wrong_password(client: odoorpc.ODOO) -> None:
    stranger = odoorpc.ODOO(client.host, port=client.port)
    with pytest.raises(odoorpc.error.RPCError, match="Wrong login"):
        stranger.login("books", "admin", "nonsense")


@pytest.fixture(params=[16, 19])
def proxies(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any, OdooSandbox]]:
    sandbox = OdooSandbox(Settings(version=request.param))
    with serving(sandbox) as address:
        common = xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/common")
        objects = xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/object")
        with common, objects:
            yield common, objects, sandbox


def test_xmlrpc_logs_in_with_a_key_and_posts(proxies: tuple[Any, Any, OdooSandbox]) -> None:
    common, objects, sandbox = proxies
    assert common.version()["server_version_info"][0] == sandbox.settings.version
    assert common.authenticate("books", "admin", "nonsense", {}) is False
    uid = common.authenticate("books", "admin", sandbox.api_key, {})
    who = ("books", uid, sandbox.api_key)
    partner = objects.execute_kw(*who, "res.partner", "create", [{"name": "Jo"}])
    move = objects.execute_kw(*who, "account.move", "create", [{
        "move_type": "out_invoice", "partner_id": partner,
        "invoice_line_ids": [(0, 0, {"name": "Car", "price_unit": 10.25, "tax_ids": [(6, 0, [])]})],
    }])  # fmt: skip
    assert objects.execute_kw(*who, "account.move", "action_post", [[move]]) is False
    rows = objects.execute_kw(*who, "account.move", "search_read", [[["id", "=", move]]], {"fields": ["amount_total"]})
    assert rows == [{"id": move, "amount_total": 10.25}]


def test_xmlrpc_answers_a_refusal_with_a_fault(proxies: tuple[Any, Any, OdooSandbox]) -> None:
    _, objects, _ = proxies
    with pytest.raises(xmlrpc.client.Fault) as caught:
        objects.execute_kw("books", 2, "admin", "account.move", "create", [{"move_type": "entry", "line_ids": [
            (0, 0, {"account_id": COST, "debit": 1}), (0, 0, {"account_id": STOCK, "credit": 2}),
        ]}])  # fmt: skip
    assert (caught.value.faultCode, caught.value.faultString) == (2, "The entry is not balanced.")
    with pytest.raises(xmlrpc.client.Fault) as caught:
        objects.execute_kw("books", 2, "nonsense", "res.partner", "search", [[]])
    assert caught.value.faultCode == 3


def test_xmlrpc_faults_after_doing_what_answers_nothing(proxies: tuple[Any, Any, OdooSandbox]) -> None:
    _, objects, sandbox = proxies
    partner = sandbox.add("res.partner", name="Jo")
    move = sandbox.hand.type_invoice(partner, [("Car", 5)])
    with pytest.raises(xmlrpc.client.Fault, match="cannot marshal None"):
        objects.execute_kw("books", 2, "admin", "account.move", "button_draft", [[move]])
    assert sandbox.look("account.move", move, "state")["state"] == "draft"
