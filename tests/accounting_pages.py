"""The tables of docs/accounting, made from the golden cases, the charts and the rulebooks; run it to write them anew.

A page holds a marker, and the table that follows is made from it:

`<!-- worked: CASE [ENTRY[/PART] ...] -->` lines of entries, `<!-- entries: CASE -->` one line an entry,
`<!-- how: CASE -->` how the figures are worked out, `<!-- accounts: CHART CASE ... -->` the accounts that cases need,
`<!-- cases: CASE ... -->` what cases show, `<!-- rules: SECTION RULEBOOK ... [since DATE] -->` rules with their source,
`<!-- recalled: RULEBOOK ... -->` how many rules each section has, and how many of them were not confirmed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from dealbooks.charts import load_chart
from dealbooks.determine.rulebook import load_rulebook
from dealbooks.entries import Entry, Line
from dealbooks.money import amount_text
from dealbooks.posting import Worked, explain, work_case, workings

PAGES = Path(__file__).parents[1] / "docs" / "accounting"
CASES = Path(__file__).parent / "golden" / "cases"
TRANSFERS = CASES.parent / "transfers"
# Golden cases with one more fact, for what none of them holds: (case, what is added to the deal, scenario).
VARIANTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "G01-late": ("G01", {}, {"closed_through": "2026-03-31"}),
    "G01-chargeback": (
        "G01",
        {"chargebacks": [{"chargeback_id": "CB1", "line_id": "4", "amount": "537.50", "date": "2026-08-05"}]},
        {},
    ),
    "G09-deposit": (
        "G09",
        {"deposits": [{"receipt_id": "D1", "amount": "1000.00", "method": "card", "date": "2026-02-27"}]},
        {"policies": {"vat_period_starts": [3, 6, 9, 12]}},
    ),
}
_MARKED = re.compile(
    r"(<!-- (worked|entries|how|accounts|cases|rules|recalled): ([^>]+?) -->\n)(?:\n?(?:\|[^\n]*\n)+)?"
)
_SHEET = re.compile(r" \[[^\]]*\]$")


def filled(text: str) -> str:
    """A page with its tables made anew."""
    return _MARKED.sub(lambda found: found[1] + _TABLES[found[2]](*found[3].split()), text)


def case_data(name: str) -> dict[str, Any]:
    """A golden case, or a variant of one."""
    base, more, scenario = VARIANTS.get(name, (name, {}, {}))
    (path,) = (*CASES.glob(f"{base}-*.json"), *TRANSFERS.glob(f"{base}-*.json"))
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data | {"deal": data["deal"] | more, "scenario": {**(data.get("scenario") or {}), **scenario}}


@cache
def worked(name: str) -> Worked:
    """The case as the engine works it."""
    data = case_data(name)
    return work_case(data["deal"], data.get("deal_amended"), data["scenario"])


def all_entries(name: str) -> list[Entry]:
    """Every entry of a case; of an amended one also those of its first version."""
    case = worked(name)
    made = {one.entry_id: one for posted in (case.first, case.posted) if posted is not None for one in posted.entries}
    return list(made.values())


def _worked(name: str, *wanted: str) -> str:
    rows: list[list[str]] = []
    reasons = _reasons(name)
    asked = [one.partition("/") for one in wanted] or [(entry.entry_id, "", "") for entry in all_entries(name)]
    by_id = {entry.entry_id: entry for entry in all_entries(name)}
    for entry_id, _, part in asked:
        entry, first = by_id[entry_id], True
        for index, line in enumerate(entry.lines):
            if part and line.part != part:
                continue
            head = f"`{entry_id}`, {entry.accounting_date}" if first else ""
            rows.append([head, line.part, f"`{line.role}`", *_sides(line, entry), *reasons[entry_id, index]])
            first = False
        if not part:
            total = f"**{amount_text(entry.total_debit, entry.currency)}**"
            rows.append(["", "**total**", "", total, total, "", ""])
    return _written(["Entry, date", "Part", "Account role", "Debit", "Credit", "Tax code", "Why"], rows, right=(3, 4))


def _reasons(name: str) -> dict[tuple[str, int], tuple[str, str]]:
    case = worked(name)
    lines = {(entry.entry_id, index): line for entry in all_entries(name) for index, line in enumerate(entry.lines)}
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for posted in (case.first, case.posted):
        for entry_id, index, text in () if posted is None else explain(posted):
            code = lines[entry_id, index].tax_code
            found[entry_id, index] = (f"`{code}`" if code else "", _SHEET.sub("", text))
    return found


def _sides(line: Line, entry: Entry) -> tuple[str, str]:
    amount = line.amount.amount
    text = amount_text(abs(amount), entry.currency)
    return (text, "") if amount > 0 else ("", text)


def _entries(name: str) -> str:
    rows = []
    for entry in all_entries(name):
        note = f"takes back `{entry.reverses}`" if entry.reverses else entry.note
        total = amount_text(entry.total_debit, entry.currency)
        rows.append([f"`{entry.entry_id}`", f"`{entry.event}`", str(entry.accounting_date), total, note or ""])
    return _written(["Entry", "Event", "Date", "Total", "Note"], rows, right=(3,))


def _how(name: str) -> str:
    rows = [[one.figure, one.what, one.how, one.amount] for one in workings(worked(name).posted)]
    return _written(["Figure", "Step", "How, or of what", "Amount"], rows, right=(3,))


def _accounts(chart: str, *names: str) -> str:
    roles = {line.role for name in names for entry in all_entries(name) for line in entry.lines}
    accounts = [(role, account) for role, account in load_chart(chart).roles.items() if role in roles]
    assert roles == {role for role, _ in accounts}, f"chart {chart} does not map {roles}"
    rows = [[f"`{role}`", one.number, one.name, one.type.replace("_", " ")] for role, one in accounts]
    return _written(["Account role", "Number", "Name", "Type"], rows)


def _cases(*names: str) -> str:
    return _written(["Case", "What it shows"], [[name, case_data(name)["title"]] for name in names])


def _rules(section: str, *names: str) -> str:
    rows = []
    *books, _, since = names if "since" in names else (*names, "", "")
    for name in books:
        for rule in dict(load_rulebook(name).sections()).get(section, ()):
            if rule.to is not None and str(rule.to) < since:
                continue
            until = "" if rule.to is None else str(rule.to)
            rows.append([f"`{name}`", rule.title(), _HOLDS[section](rule), str(rule.from_), until, rule.source])
    return _written(["Rulebook", "For", "What holds", "From", "To", "Source"], rows)


def _jurisdiction(rule: Any) -> str:
    only = f" ({', '.join(rule.deal_types)})" if rule.deal_types else ""
    if rule.regime == "inclusive":
        rates = [f"`{code}` {_percent(rate, rule.margin_rate)}" for code, rate in rule.rates.items()]
        deposit = "; deposits: a tax point" if rule.deposit_tax_point else ""
        return f"inside the price, by {rule.rounding}, {_mode(rule.mode)}: {', '.join(rates)}{deposit}{only}"
    taxes = "; ".join(map(_component, rule.components))
    return f"on top: {taxes}{only}" if taxes else f"no tax{only}"


def _component(part: Any) -> str:
    text = f"`{part.code}` " + (f"by price band {part.bands}" if part.rate is None else _percent(str(part.rate)))
    if part.tax_groups is not None:
        text += f" on {', '.join(part.tax_groups)}"
    if part.base == "cap_reduction":
        text += " on the capitalised cost reduction"
    if part.base_cap is not None:
        text += f", base at most {part.base_cap}"
    if part.trade_in_credit != "none":
        text += ", less the trade-in"
    return text + ("" if part.rebate_taxable else ", rebate not taxed")


def _percent(rate: str, margin: Any = None) -> str:
    if rate == "margin":
        return f"{_percent(str(margin))} of the margin"
    whole, _, places = rate.partition(".")
    digits = (whole + places.ljust(2, "0")[:2]).lstrip("0") or "0"
    rest = places[2:].rstrip("0")
    return f"{digits}.{rest}%" if rest else f"{digits}%"


def _mode(mode: str) -> str:
    return "rounded down" if mode == "floor" else "rounded half up"


def _credit(rule: Any) -> str:
    text = f"at most {rule.cap}" if rule.credit == "capped" else {"full": "in full", "none": "no credit"}[rule.credit]
    if rule.vehicles is not None:
        text += f", vehicles: {rule.vehicles}"
    return text + (f"; tax both ways, `{rule.input_tax_code}`" if rule.input_tax_code else "")


def _bands(rule: Any) -> str:
    price = rule.price.replace("_", " ").replace("trade in", "trade-in")
    return f"price {price}: " + ", ".join(f"from {one.at_least} {_percent(str(one.rate))}" for one in rule.bands)


def _threshold(rule: Any) -> str:
    limit = "" if rule.max_l_100km is None else f", at most {rule.max_l_100km} l/100 km"
    return f"above {rule.threshold}, {_percent(str(rule.rate))}{limit}"


def _second_hand(rule: Any) -> str:
    return f"{rule.fraction} of what was paid, above {rule.above}, `{rule.tax_code}`"


def _trade_in_tax(rule: Any) -> str:
    if rule.fraction is None:
        return "only what the source states"
    return f"{rule.fraction} of the allowance, `{rule.tax_code}`"


def _destination(rule: Any) -> str:
    when = {"stated": "the source says so", "vat_number": "valid VAT number of another member state"}.get(
        rule.when, f"at most {rule.max_months} months or {rule.max_km} km"
    )
    return f"{when}: scheme {rule.scheme.replace('_', ' ')}. Keep {rule.evidence}"


_HOLDS: dict[str, Callable[[Any], str]] = {
    "tax.jurisdictions": _jurisdiction,
    "tax.trade_in_credits": _credit,
    "tax.bands": _bands,
    "luxury_car_tax.thresholds": _threshold,
    "second_hand": _second_hand,
    "trade_in_tax": _trade_in_tax,
    "destinations": _destination,
}


def _recalled(*names: str) -> str:
    rows = []
    for name in names:
        every = [(section, rule) for section, rules in load_rulebook(name).sections() for rule in rules]
        marked = [section for section, rule in every if "recalled" in rule.source]
        where = ", ".join(f"{section} {marked.count(section)}" for section in dict.fromkeys(marked))
        earliest = min(rule.from_ for _, rule in every)
        rows.append([f"`{name}`", str(earliest), str(len(every)), str(len(marked)), where])
    heads = ["Rulebook", "Rules from", "Rules", "Marked [recalled]", "In which sections"]
    return _written(heads, rows, right=(2, 3))


_TABLES: dict[str, Callable[..., str]] = {
    "worked": _worked,
    "entries": _entries,
    "how": _how,
    "accounts": _accounts,
    "cases": _cases,
    "rules": _rules,
    "recalled": _recalled,
}


def _written(heads: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    rule = ["---:" if index in right else "---" for index in range(len(heads))]
    lines: list[Sequence[str]] = [heads, rule, *rows]
    return "".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    for page in sorted(PAGES.glob("*.md")):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
