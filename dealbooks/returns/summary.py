"""Where there is no VAT return: gross sales, exempt, taxable and tax by jurisdiction code (United States). Pure.

Gross sales of a code are those of every deal that the code was worked out on, without taxes and without what is
collected for others; taxable is the base that the tax was worked out on; the rest is exempt or deducted: sales that the
code does not tax, trade-in credit, what lies above a cap.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dealbooks.money import round_amount
from dealbooks.posting.arithmetic import ZERO, total
from dealbooks.returns.form import Form
from dealbooks.returns.measure import booked, figures, sign_of
from dealbooks.returns.model import Box, BoxLine, Fact, TaxReturn, Tie

COLUMNS = ("Gross sales", "Exempt sales and deductions", "Taxable sales", "Tax")
NO_CODE = "(no tax code)"
# Collected for others, and what an auction keeps: no sales of the dealership (deal-model.md section 4).
_FOR_OTHERS = frozenset({"government_fee", "lessor_fee", "auction_fee", "insurance", "recycling_deposit"})


def by_code(form: Form, facts: Sequence[Fact], *, currency: str) -> TaxReturn:
    """The summary of a period; each box is a code with one of `COLUMNS` as its title."""
    lines: list[BoxLine] = []
    problems: list[str] = []
    moved: dict[str, Decimal] = {}
    for fact in facts:
        for line in fact.entry.lines:
            if line.role in form.tax_roles:
                moved[line.role] = moved.get(line.role, ZERO) - booked(line)
        if not sign_of(fact):
            continue
        if fact.version is None:
            problems.append(
                f"Deal {fact.deal}, {fact.entry.entry_id}: the version behind it is no longer in the store."
            )
            continue
        lines += _of_sale(form, fact, currency)
    sums: dict[tuple[str, str], Decimal] = {}
    taxed: dict[str, Decimal] = {}
    for made in lines:
        sums[made.box, made.take] = sums.get((made.box, made.take), ZERO) + made.amount
        if made.take == "Tax" and made.role:
            taxed[made.role] = taxed.get(made.role, ZERO) + made.amount
    boxes = tuple(
        Box(code, title, sums[code, title], sums[code, title], computed=False, source=form.source)
        for code in sorted({code for code, _ in sums})
        for title in COLUMNS
    )
    ties = tuple(Tie(role, moved.get(role, ZERO), taxed.get(role, ZERO)) for role in sorted({*moved, *taxed}))
    problems += [
        f"{tie.role} moved by {tie.moved} {currency}, and the sales of the period make {tie.placed}: look for the "
        "difference in the journal."
        for tie in ties
        if tie.difference
    ]
    return TaxReturn(
        form=form.form,
        name=form.name,
        currency=currency,
        boxes=boxes,
        lines=tuple(lines),
        ties=ties,
        net_by_form=sum((tie.placed for tie in ties), ZERO),
        net_by_books=sum((tie.moved for tie in ties), ZERO),
        problems=tuple(problems),
        notes=form.notes,
    )


def _of_sale(form: Form, fact: Fact, currency: str) -> list[BoxLine]:
    if fact.version is None:
        return []
    deal, sign = fact.version, sign_of(fact)
    taxes = figures(deal).taxes
    rate = deal.fx_rate if deal.currency != currency and deal.fx_rate is not None else Decimal(1)
    gross = total(priced.net for priced in taxes.lines if priced.line.kind not in _FOR_OTHERS)
    shown: list[tuple[str, str, Decimal, Decimal]] = [(row.code, row.role, row.base, row.amount) for row in taxes.rows]
    if not shown:
        codes = sorted({one.line.tax_code for one in taxes.lines if one.line.tax_code}) or [NO_CODE]
        shown = [(codes[0], "", ZERO, ZERO)]
    found: list[BoxLine] = []
    for code, role, base, tax in shown:
        known = form.code_on(code, fact.entry.accounting_date)
        for title, amount in zip(COLUMNS, (gross, gross - base, base, tax), strict=True):
            booked_at = sign * round_amount(amount * rate, currency)
            found.append(
                BoxLine(
                    code, fact, "invoice", role, code, "" if known is None else known.treatment,
                    deal.vehicle.stock_no, title, booked_at,
                )
            )  # fmt: skip
    return found
