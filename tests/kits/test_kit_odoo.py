"""Odoo's scheduled action, run as Odoo runs it over a stand-in of its environment; the gateway judges what it sends."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import pytest
from gateway_support import NOW, hook

from dealbooks.events import Hint

URL = "https://gateway.example/hooks/odoo/9f2c7e41-9f2c7e41-9f2c7e41"
FIELDS = ("name", "state", "write_date")
# What Odoo 19 gives to the code of an action, of what this one could want (odoo/odoo, ir_actions.py, safe_eval.py).
BUILTINS = {"len": len, "str": str, "int": int, "sorted": sorted, "range": range, "list": list, "dict": dict}


class UserError(Exception):
    """As Odoo's."""


class Records:
    """A recordset: what the code uses of it."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def ids(self) -> list[int]:
        return [one["id"] for one in self.rows]

    def mapped(self, name: str) -> list[Any]:
        return [one[name] for one in self.rows]

    def search(self, domain: list[tuple[str, str, Any]], order: str = "id", limit: int | None = None) -> Records:
        tests: dict[str, Callable[[Any, Any], bool]] = {
            "=": lambda have, want: have == want,
            "in": lambda have, want: have in want,
            ">=": lambda have, want: have >= want,
            "like": lambda have, want: want in have,
        }
        found = [one for one in self.rows if all(tests[how](one[name], value) for name, how, value in domain)]
        for part in reversed(order.split(",")):
            name, _, way = part.strip().partition(" ")
            found.sort(key=lambda one, name=name: one[name], reverse=way == "desc")  # type: ignore[misc]
        return Records(found[:limit])


class Action:
    """A webhook action: run() does what Odoo's `_run_action_webhook` does, for every id of the context."""

    def __init__(self, env: dict[str, Any], sent: list[bytes], model: str, fields: tuple[str, ...] = FIELDS) -> None:
        self.name = f"Tell Dealbooks about {model}"
        self.model_id = SimpleNamespace(model=model)
        self.webhook_field_ids = Records([{"id": n, "name": name} for n, name in enumerate(fields)])
        self._env, self._sent, self._context = env, sent, dict[str, Any]()

    def with_context(self, **context: Any) -> Action:
        made = Action(self._env, self._sent, self.model_id.model, tuple(self.webhook_field_ids.mapped("name")))
        made._context = context
        return made

    def run(self) -> None:
        model = self.model_id.model
        assert self._context["active_model"] == model
        assert self._context["active_id"] in self._context["active_ids"]
        rows = {one["id"]: one for one in self._env[model].rows}
        for one in self._context["active_ids"]:
            values = {"_model": model, "_id": one, "_action": f"{self.name}(#412)", "id": one}
            values |= {name: rows[one][name] for name in self.webhook_field_ids.mapped("name")}
            self._sent.append(json.dumps(values, sort_keys=True, default=str).encode())


class Actions:
    """The model ir.actions.server."""

    def __init__(self, actions: list[Action]) -> None:
        self.actions = actions

    def search(self, domain: list[tuple[str, str, Any]]) -> list[Action]:
        have = {"state": "webhook", "webhook_url": URL}
        fits = all(value == have[name] if how == "=" else value in have[name] for name, how, value in domain)
        return self.actions if fits else []


def record(number: int, minutes_ago: float, state: str = "sale", **more: Any) -> dict[str, Any]:
    written = NOW.replace(tzinfo=None) - timedelta(minutes=minutes_ago) + timedelta(microseconds=482913)
    return {"id": number, "name": f"S{number:05}", "state": state, "write_date": written, **more}


@pytest.fixture
def code(kits: Path) -> CodeType:
    text = (kits / "odoo/resend_webhooks.py").read_text(encoding="utf-8")
    return compile(text.strip(), "ir.actions.server(413,)", "exec")


@pytest.fixture
def run(code: CodeType) -> Callable[..., list[bytes]]:
    def action(
        orders: list[dict[str, Any]],
        moves: list[dict[str, Any]] | None = None,
        *,
        models: tuple[str, ...] = ("sale.order",),
        fields: tuple[str, ...] = FIELDS,
        text: CodeType = code,
    ) -> list[bytes]:
        sent: list[bytes] = []
        env: dict[str, Any] = {"sale.order": Records(orders), "account.move": Records(moves or [])}
        env["ir.actions.server"] = Actions([Action(env, sent, model, fields) for model in models])
        frozen = SimpleNamespace(now=lambda: NOW.replace(tzinfo=None))
        given = {"env": env, "UserError": UserError, "datetime": SimpleNamespace(datetime=frozen, timedelta=timedelta)}
        exec(text, {"__builtins__": BUILTINS, **given})  # as Odoo runs it
        return sent

    return action


def test_what_changed_lately_is_sent_again_and_taken_by_the_gateway(
    run: Callable[..., list[bytes]], taken: Callable[..., Hint]
) -> None:
    orders = [record(77, 5), record(78, 10, "cancel"), record(79, 3, "draft"), record(80, 31)]
    hints = [taken(hook("odoo"), {"Content-Type": "application/json"}, one, NOW) for one in run(orders)]
    assert [(one.kind, one.object_ids["deal"]) for one in hints] == [("deal.updated", "77"), ("deal.voided", "78")]
    assert hints[0].dedupe_key == "sale.order:77:2026-10-01 08%3A55%3A00.482913"
    assert datetime.fromisoformat(hints[0].occurred_at) == datetime(2026, 10, 1, 8, 55, 0, 482913, UTC)


def test_a_repeat_is_the_same_event_and_a_change_is_another(
    run: Callable[..., list[bytes]], taken: Callable[..., Hint]
) -> None:
    def key(order: dict[str, Any]) -> str:
        (sent,) = run([order])
        return taken(hook("odoo"), {}, sent, NOW).dedupe_key

    assert key(record(77, 5)) == key(record(77, 5))
    assert key(record(77, 5)) != key(record(77, 4))


def test_posted_invoices_are_told_where_an_action_for_them_is(
    run: Callable[..., list[bytes]], taken: Callable[..., Hint]
) -> None:
    moves = [
        record(9917, 2, "posted", move_type="out_invoice"),
        record(9918, 2, "draft", move_type="out_invoice"),
        record(9919, 2, "posted", move_type="in_invoice"),
    ]
    sent = run([record(77, 5)], moves, models=("sale.order", "account.move", "res.partner"))
    hints = [taken(hook("odoo"), {}, one, NOW) for one in sent]
    assert [(one.kind, dict(one.object_ids)) for one in hints] == [
        ("deal.updated", {"deal": "77"}),
        ("invoice.issued", {"invoice": "9917"}),
    ]


def test_after_a_mass_change_the_newest_are_sent(run: Callable[..., list[bytes]]) -> None:
    sent = [json.loads(one)["_id"] for one in run([record(n, 20 - n / 100) for n in range(1, 251)])]
    assert sent == list(range(250, 150, -1))


def test_it_says_what_is_missing(run: Callable[..., list[bytes]]) -> None:
    with pytest.raises(UserError, match="No action 'Send Webhook Notification'"):
        run([record(77, 5)], models=())
    with pytest.raises(UserError, match="Add the field write_date"):
        run([record(77, 5)], fields=("name", "state"))


def test_odoo_lets_its_code_through(kits: Path) -> None:
    """Odoo's safe_eval refuses imports, names with two underscores, and assignments to attributes."""
    tree = ast.parse((kits / "odoo/resend_webhooks.py").read_text(encoding="utf-8"))
    for one in ast.walk(tree):
        assert not isinstance(one, ast.Import | ast.ImportFrom | ast.ClassDef | ast.With | ast.Global)
        if isinstance(one, ast.Attribute):
            assert isinstance(one.ctx, ast.Load)
        name = one.id if isinstance(one, ast.Name) else one.attr if isinstance(one, ast.Attribute) else ""
        assert "__" not in name
    used = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
    made = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    assert used - made == {"env", "datetime", "UserError"}


def test_the_page_names_every_field_that_the_gateway_reads(kits: Path) -> None:
    page = (kits / "odoo/README.md").read_text(encoding="utf-8")
    for name in ("write_date", "state", "name", "client_order_ref", "invoice_origin"):
        assert f"`{name}`" in page
