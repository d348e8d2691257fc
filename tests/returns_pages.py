"""The tables of docs/accounting/returns, made from the forms and the golden cases; run it to write them anew.

A page holds `<!-- codes: FORM -->`, `<!-- boxes: FORM -->` or `<!-- return: FORM PERIOD CASES [LEDGER] -->`, and the
table that follows is made from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from returns_support import returned

from dealbooks.returns import Form, known_ledgers, load_form
from dealbooks.returns.form import Code

PAGES = Path(__file__).parents[1] / "docs" / "accounting" / "returns"
_MARKED = re.compile(r"(<!-- (codes|boxes|return): ([^>]+?) -->\n)(?:\n?(?:\|[^\n]*\n)+)?")
_DAY = date(2026, 3, 31)
# Where a line of each treatment stands: part and role.
_SALE = [("invoice", "sales.used_vehicle")]
_PLACES = {
    "standard": [*_SALE, ("invoice", "tax.output")],
    "margin": [*_SALE, ("margin_vat", "tax.margin"), ("margin_vat", "sales.used_vehicle")],
    "exempt": [*_SALE, ("reserve", "income.finance_reserve")],
    "commission": [("commission_tax", "tax.output"), ("reserve", "income.finance_reserve")],
    "input": [("trade", "tax.input")],
    "second_hand": [("trade", "tax.input"), ("second_hand_credit", "tax.input")],
    "lct": [("invoice", "tax.lct")],
    "provincial": [("invoice", "tax.output")],
    "quebec": [("invoice", "tax.output")],
}


def filled(text: str) -> str:
    """A page with its tables made anew."""
    return _MARKED.sub(lambda found: found[1] + _table(found[2], found[3]), text)


def _table(kind: str, asked: str) -> str:
    if kind == "codes":
        form = load_form(asked)
        codes = [code for code in form.codes if code.holds_on(_DAY)]
        rows = [
            [f"`{one.code}`", one.treatment.replace("_", " "), one.rate or "", _boxes_of(form, one), one.source]
            for one in codes
        ]
        return _written(["Tax code", "Treated as", "Rate", "Feeds box", "Source"], rows)
    if kind == "boxes":
        form = load_form(asked)
        rows = [[rule.box, rule.title, _unit(rule.unit, rule.mode), rule.source] for rule in form.boxes_on(_DAY)]
        return _written(["Box", "What", "In units of", "Source"], rows)
    name, span, *cases = asked.split()
    ledger = cases.pop() if cases[-1] in known_ledgers() else ""
    made = returned(name, span, *cases, ledger=ledger)
    if not ledger:
        shown = [[box.box, box.title, _money(box.amount)] for box in made.boxes if box.amount]
        return _written(["Box", "What", "Amount"], shown)
    beside = [(box, box.ledger) for box in made.boxes if box.ledger is not None]
    rows = [
        [
            box.box, _money(box.amount), _money(theirs.computes),
            _money(theirs.adjustment), theirs.reason,
        ]
        for box, theirs in beside
        if box.amount or theirs.adjustment
    ]  # fmt: skip
    return _written(["Box", "Ours", "The ledger's return", "Adjustment", "Why"], rows)


def _boxes_of(form: Form, code: Code) -> str:
    places = _PLACES.get(code.treatment, _SALE)
    found = [
        rule.box
        for rule in form.boxes_on(_DAY)
        if any(feed.fits(part, role, code.treatment) for feed in rule.feeds for part, role in places)
    ]
    return ", ".join(found) or "none"


def _unit(unit: object, mode: str) -> str:
    if unit is None:
        return ""
    return f"{unit}, {'cut' if mode == 'floor' else 'rounded'}"


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount, "f")


def _written(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines: list[Sequence[object]] = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    for page in sorted(PAGES.glob("*.md")):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
