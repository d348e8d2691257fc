"""What the customer buys: kind, provider, cost and tax of each line, from the names that the source uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from dealbooks.deal.fields import LineKind
from dealbooks.determine.dated import occurs, words
from dealbooks.determine.rules import FeeRule, ProductRule
from dealbooks.determine.tax import fill_line_tax
from dealbooks.determine.work import Work, by_source
from dealbooks.money import exact

_KINDS = frozenset(get_args(LineKind))
_SOLD_FOR_OTHERS = frozenset({"fi_product", "insurance"})
_WITH_COST = _SOLD_FOR_OTHERS | {"accessory", "government_fee"}
_NOTHING: Mapping[str, Any] = {}


def fill_lines(work: Work) -> None:
    """Every line: first what it is, then its tax. Fees and products that are no line yet become one."""
    lines: list[dict[str, Any]] = work.deal.setdefault("lines", [])
    fees = _by_line(work, lines, "fees")
    products = _by_line(work, lines, "products")
    for index, line in enumerate(lines):
        line_id = line.get("line_id")
        rule: FeeRule | ProductRule | None
        if line_id in fees:
            column, said = fees[line_id]
            rule = _fill_fee(work, index, line, said, column)
        elif line_id in products:
            column, said = products[line_id]
            rule = _fill_product(work, index, line, said, column)
        else:
            column, said, rule = f"lines[{index}]", _NOTHING, _fill_other(work, index, line)
        if line.get("kind") not in _KINDS:
            continue
        _check_cost(work, f"lines[{index}]", line)
        fill_line_tax(work, index, line, rule, said.get("taxable"), f"{column}.taxable")


def fill_cost(work: Work) -> None:
    """The cost of the car cannot be derived: R007 when the source left it out."""
    if (work.deal.get("vehicle") or {}).get("cost") is None:
        work.found("R007", "vehicle.cost")


def _by_line(work: Work, lines: list[dict[str, Any]], key: str) -> dict[str, tuple[str, Mapping[str, Any]]]:
    said = {}
    known = {line.get("line_id") for line in lines}
    for index, one in enumerate(work.said.get(key) or ()):
        column, line_id = f"{key}[{index}]", one["line_id"]
        said[line_id] = (column, one)
        if line_id not in known:
            work.provenance[f"lines[{len(lines)}]"] = by_source(column)
            lines.append({"line_id": line_id, "description": one.get("name") or "", "unit_price": one.get("amount")})
    return said


def _fill_fee(work: Work, index: int, line: dict[str, Any], said: Mapping[str, Any], column: str) -> FeeRule | None:
    path, name = f"lines[{index}]", str(said.get("name") or line.get("description") or "")
    rule = work.rules.fee(name, str(work.deal.get("sale_class") or ""))
    stated, by = line.get("kind") or said.get("kind"), by_source(f"{column}.kind")
    if stated is None and said.get("passthrough") is True:
        stated, by = "government_fee", by_source(f"{column}.passthrough")
    if stated is not None and stated not in _KINDS:
        work.found("R031", f"{path}.kind", stated, line=line.get("line_id"))
        line.pop("kind", None)
        return None
    if stated is None and rule is None:
        _unknown_fee(work, path, name)
        return None
    if stated is not None:
        if rule is not None and rule.kind != stated:
            work.differs(f"{path}.kind", f"fee '{name}'", stated, rule.kind)
            rule = None
        work.fill(line, path, "kind", stated, by)
    elif rule is not None:
        work.fill(line, path, "kind", rule.kind, rule.why)
    work.fill(line, path, "provider", said.get("provider"), by_source(f"{column}.provider"))
    if rule is not None:
        work.fill(line, path, "provider", rule.provider, rule.why)
    if line["kind"] == "government_fee":
        default = work.rules.passthrough
        if default is not None:
            work.fill(line, path, "provider", default.provider, default.why)
        if line.get("provider") is None:
            _unknown_fee(work, path, name)
    if line["kind"] in _WITH_COST:
        work.fill(line, path, "cost", said.get("cost"), by_source(f"{column}.cost"))
    return rule


def _unknown_fee(work: Work, path: str, name: str) -> None:
    said = words(name)
    for rule in work.rulebook.fees:
        if not rule.covers(work.day) and any(occurs(phrase, said) for phrase in rule.names):
            work.found("R008", f"{path}.kind", name, section="fees", date=work.day)
            return
    work.found("R003", f"{path}.kind", name)


def _fill_product(
    work: Work, index: int, line: dict[str, Any], said: Mapping[str, Any], column: str
) -> ProductRule | None:
    path, name = f"lines[{index}]", str(said.get("name") or line.get("description") or "")
    kind = str(said.get("kind") or "")
    rule = work.rules.product(kind, name)
    if rule is None and line.get("kind") is None:
        _unknown_product(work, path, kind, name)
        return None
    if rule is not None:
        if line.get("kind") not in (None, rule.line_kind):
            work.differs(f"{path}.kind", f"product '{name}'", line["kind"], rule.line_kind)
        work.fill(line, path, "kind", rule.line_kind, rule.why)
    _fill_provider(work, path, line, said, column, rule)
    if line["kind"] in _SOLD_FOR_OTHERS and line.get("provider") is None:
        _unknown_product(work, path, kind, name)
    work.fill(line, path, "cost", said.get("cost"), by_source(f"{column}.cost"))
    return rule


def _fill_provider(
    work: Work, path: str, line: dict[str, Any], said: Mapping[str, Any], column: str, rule: ProductRule | None
) -> None:
    if line["kind"] not in _SOLD_FOR_OTHERS:
        return
    work.fill(line, path, "provider", said.get("provider"), by_source(f"{column}.provider"))
    if rule is not None:
        work.fill(line, path, "provider", rule.provider, rule.why)
        work.fill(line, path, "commission_tax_code", rule.commission_tax_code, rule.why)


def _unknown_product(work: Work, path: str, kind: str, name: str) -> None:
    for rule in work.rulebook.products:
        if not rule.covers(work.day) and kind in rule.products:
            work.found("R008", f"{path}.kind", name, section="products", date=work.day)
            return
    work.found("R004", f"{path}.kind", name, kind=kind or "not stated")


def _check_cost(work: Work, path: str, line: Mapping[str, Any]) -> None:
    kind, cost, name = line["kind"], line.get("cost"), line.get("description") or line.get("line_id")
    if cost is None and kind == "insurance":
        work.found("R025", f"{path}.cost", name)
    elif cost is None and kind == "accessory":
        work.found("R028", f"{path}.cost", name)
    elif cost is not None and kind == "government_fee" and exact(cost) != exact(line["unit_price"]):
        work.found("R023", f"{path}.unit_price", name, amount=line["unit_price"], cost=cost)


def _fill_other(work: Work, index: int, line: dict[str, Any]) -> FeeRule | ProductRule | None:
    """A line that the source states with its kind; its provider is looked up by its description."""
    path, name = f"lines[{index}]", str(line.get("description") or "")
    kind = line.get("kind")
    if kind not in _KINDS:
        work.found("R031", f"{path}.kind", kind or name, line=line.get("line_id"))
        return None
    if kind in _SOLD_FOR_OTHERS:
        product = work.rules.product("", name)
        if product is not None and product.line_kind != kind:
            product = None
        _fill_provider(work, path, line, _NOTHING, "", product)
        if line.get("provider") is None:
            _unknown_product(work, path, "", name)
        return product
    if kind == "government_fee":
        fee = work.rules.fee(name, str(work.deal.get("sale_class") or ""))
        if fee is not None and fee.kind != kind:
            fee = None
        for one in (fee, work.rules.passthrough):
            if one is not None:
                work.fill(line, path, "provider", one.provider, one.why)
        if line.get("provider") is None:
            _unknown_fee(work, path, name)
        return fee
    return None
