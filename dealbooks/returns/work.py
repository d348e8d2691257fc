"""From the entries of a period to the boxes of a return. Pure: no clock, no store.

A line of an entry is placed by its part, its role and how the form treats its tax code. A mirror carries the signs of
what it takes back, so that an amended or unwound sale comes out right in the period of the mirror. A line of tax or of
sales that no box takes is a problem, never left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext
from fnmatch import fnmatchcase
from fractions import Fraction

from dealbooks.entries import Line
from dealbooks.money import minor_unit, round_exact
from dealbooks.posting.arithmetic import EXACT, ZERO
from dealbooks.returns.form import BoxRule, Code, Feed, Form
from dealbooks.returns.ledgers import LedgerRules, beside
from dealbooks.returns.measure import booked, measured
from dealbooks.returns.model import Box, BoxLine, Fact, TaxReturn, Tie
from dealbooks.returns.summary import by_code

_SALE_PARTS = ("invoice", "margin_vat", "reserve", "commission_tax", "transfer")
_SALE_ROLES = ("sales.*", "income.*")
_NO_SALE = ("sales.over_allowance", "income.chargebacks")
Placed = tuple[list[BoxLine], list[Tie], Decimal, list[str]]


def return_of(
    form: Form, facts: Sequence[Fact], *, last: date, currency: str, ledger: LedgerRules | None = None
) -> TaxReturn:
    """A return from the entries of its period.

    Args:
        form: which return, see `load_form` and `choose_form`.
        facts: every entry of the book that is dated in the period.
        last: the last day of the period; it decides which layout of the form holds.
        currency: the book's own; amounts of foreign-currency entries are taken as booked in it.
        ledger: the ledger whose own return is compared, see `ledger_rules`.
    """
    with localcontext(EXACT):
        if form.summary == "by_code":
            return by_code(form, facts, currency=currency)
        rules = form.boxes_on(last)
        lines, ties, elsewhere, problems = _placed(form, rules, facts, currency)
        boxes = _boxes(rules, lines, currency)
        made = tuple(
            Box(rule.box, rule.title, *boxes[rule.box], computed=rule.computed, source=rule.source) for rule in rules
        )
        if ledger is not None:
            made = beside(
                form, made, lines, ledger, lambda some: {k: v[0] for k, v in _boxes(rules, some, currency).items()}
            )
        return TaxReturn(
            form=form.form,
            name=form.name,
            currency=currency,
            boxes=made,
            lines=tuple(lines),
            ties=tuple(ties),
            net_by_form=boxes[form.payable][0] if form.payable in boxes else None,
            net_by_books=sum((tie.moved for tie in ties), ZERO) - elsewhere,
            problems=tuple(problems),
            notes=form.notes,
        )


def _placed(form: Form, rules: Sequence[BoxRule], facts: Iterable[Fact], currency: str) -> Placed:
    found: list[BoxLine] = []
    problems: list[str] = []
    moved: dict[str, Decimal] = {}
    placed: dict[str, Decimal] = {}
    elsewhere = ZERO
    known: dict[tuple[str | None, date], Code | None] = {}
    taking: dict[tuple[str, str, str], list[tuple[BoxRule, Feed]]] = {}
    for fact in facts:
        day = fact.entry.accounting_date
        parts = {line.part for line in fact.entry.lines}
        for line in fact.entry.lines:
            if (line.tax_code, day) not in known:
                known[line.tax_code, day] = form.code_on(line.tax_code, day)
            code = known[line.tax_code, day]
            treatment = "" if code is None else code.treatment
            went = False
            place = (line.part, line.role, treatment)
            if place not in taking:
                taking[place] = [(rule, feed) for rule in rules for feed in rule.feeds if feed.fits(*place)]
            for rule, feed in taking[place]:
                if parts.intersection(feed.unless):
                    continue
                amount, wrong = measured(feed.take, fact, line, None if code is None else code.rate, currency)
                if wrong:
                    problems.append(f"Box {rule.box}, deal {fact.deal}, {fact.entry.entry_id}: {wrong}.")
                went = True
                if not amount:
                    continue
                found.append(
                    BoxLine(
                        rule.box, fact, line.part, line.role, line.tax_code or "", treatment,
                        line.dimensions.get("stock_no", ""), feed.take, amount,
                    )
                )  # fmt: skip
            if line.role in form.tax_roles:
                moved[line.role] = moved.get(line.role, ZERO) - booked(line)
                elsewhere -= booked(line) if treatment in form.elsewhere else ZERO
                placed[line.role] = placed.get(line.role, ZERO) - (booked(line) if went else ZERO)
            if not went:
                problems += _left_over(form, fact, line, treatment, currency)
    ties = [Tie(role, moved[role], placed[role]) for role in form.tax_roles if role in moved]
    return found, ties, elsewhere, problems


def _left_over(form: Form, fact: Fact, line: Line, treatment: str, currency: str) -> list[str]:
    """What is to be said of a line that no box takes."""
    taxed = line.role in form.tax_roles
    sold = (
        line.part in _SALE_PARTS
        and line.role not in _NO_SALE
        and any(fnmatchcase(line.role, one) for one in _SALE_ROLES)
    )
    if not taxed and (not sold or treatment in form.leave_out):
        return []
    if not taxed and line.tax_code is None and form.lines_without_code == "allow":
        return []
    why = f"tax code {line.tax_code} feeds no box" if line.tax_code else "it has no tax code"
    if line.tax_code and not treatment:
        why = f"the form does not know tax code {line.tax_code}"
    amount = f"{abs(booked(line)).quantize(minor_unit(currency))} {currency}"
    return [f"Deal {fact.deal}, {fact.entry.entry_id}: {amount} on {line.role} stands in no box: {why}."]


def _boxes(rules: Sequence[BoxRule], lines: Iterable[BoxLine], currency: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Each box: as the form shows it, and exact."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.box] = sums.get(line.box, ZERO) + line.amount
    made: dict[str, tuple[Decimal, Decimal]] = {}
    for rule in rules:
        exact = _from_boxes(rule, made) if rule.computed else Fraction(sums.get(rule.box, ZERO))
        unit = rule.unit or minor_unit(currency)
        shown = round_exact(exact / Fraction(unit), 0, rule.mode) * unit
        plain = round_exact(exact, max(0, -int(minor_unit(currency).as_tuple().exponent)))
        made[rule.box] = (shown + ZERO, plain + ZERO)
    return made


def _from_boxes(rule: BoxRule, made: Mapping[str, tuple[Decimal, Decimal]]) -> Fraction:
    if rule.share is not None:
        return Fraction(made[rule.share.box][0]) * rule.share.fraction
    added = sum((Fraction(made[box][0]) for box in rule.add), Fraction(0))
    return added - sum((Fraction(made[box][0]) for box in rule.less), Fraction(0))
