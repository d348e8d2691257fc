"""The tax return of a book and period as tables: its boxes, and the lines that feed them."""

from __future__ import annotations

from decimal import Decimal

from dealbooks.book import Book
from dealbooks.house import House
from dealbooks.pipeline.periods import closed_through
from dealbooks.pipeline.recorded import facts_of, recorded
from dealbooks.pipeline.sheets import Cell, Sheet
from dealbooks.plural import counted
from dealbooks.returns import Form, Span, TaxReturn, choose_form, ledger_rules, load_form, return_of


def return_sheet(house: House, book: Book, span: Span, form: str = "", *, closing: bool = False) -> Sheet:
    """Each box of the return, with what the ledger's own return would show and the adjustment to make there; then how
    the boxes tie to the tax accounts, what must be settled first, and what no deal holds. `closing`: the period is
    being closed with it."""
    made, which = _made(house, book, span, form)
    rules = ledger_rules(house.book_config(book.name).ledger.platform)
    columns = (
        "row", "box", "title", "amount", "exact", "ledger_computes", "adjustment", "note", "currency", "source",
    )  # fmt: skip
    alone = rules is not None and which.form not in rules.forms
    rows: list[tuple[Cell, ...]] = []
    for box in made.boxes:
        beside = box.ledger
        rows.append(
            (
                "box", box.box, box.title, box.amount, box.exact, None if beside is None else beside.computes,
                None if beside is None else beside.adjustment, "" if alone or beside is None else beside.reason,
                made.currency, box.source,
            )
        )  # fmt: skip
    for tie in made.ties:
        note = "all of it stands in the boxes" if not tie.difference else f"{tie.difference} stands in no box"
        title = "in the boxes; moved in the books beside it (tax owed positive)"
        rows.append(("tie", tie.role, title, tie.placed, tie.moved, None, None, note, made.currency, ""))
    if made.net_by_form is not None:
        difference = made.net_by_form - made.net_by_books
        note = "the same" if not difference else f"differs by {difference}: the rounding of the form"
        if difference and made.problems:
            note = f"differs by {difference}: see the problems below"
        rows.append(
            ("tie", "net", "by the form; by the tax accounts beside it", made.net_by_form, made.net_by_books, None,
             None, note, made.currency, "")
        )  # fmt: skip
    rows += [
        _text("problem", text, made.currency)
        for text in (*made.problems, *_not_final(house, book, span, made, closing=closing))
    ]
    rows += [_text("note", text, made.currency) for text in made.notes]
    if rules is not None and alone:
        rows.append(_text("note", rules.without_return, made.currency))
    if rules is not None and any(box.ledger is not None and box.ledger.adjustment for box in made.boxes):
        rows.append(_text("note", f"How to adjust in {rules.name}: {rules.enter}", made.currency))
    return Sheet(f"{which.form} {span}", columns, tuple(rows))


def lines_sheet(house: House, book: Book, span: Span, form: str = "") -> Sheet:
    """Every line of every deal that feeds a box: what an auditor asks to be shown."""
    made, which = _made(house, book, span, form)
    columns = (
        "box", "title", "date", "deal", "entry", "state", "part", "account_role", "tax_code", "treatment", "stock_no",
        "location", "taken_as", "amount", "currency",
    )  # fmt: skip
    places = {box.box: place for place, box in enumerate(made.boxes)}
    titles = {box.box: box.title for box in made.boxes}
    rows: list[tuple[Cell, ...]] = []
    for line in sorted(made.lines, key=lambda one: places.get(one.box, 0)):
        entry = line.fact.entry
        # In a summary by code what is taken is itself the title.
        title = line.take if which.summary == "by_code" else titles.get(line.box, "")
        deal = line.fact.version
        location = entry.lines[0].dimensions.get("location", "") if deal is None else deal.location
        rows.append(
            (
                line.box, title, entry.accounting_date.isoformat(), line.fact.deal, entry.entry_id, line.fact.state,
                line.part, line.role, line.tax_code, line.treatment, line.stock_no, location,
                line.take.replace("_", " "), line.amount, made.currency,
            )
        )  # fmt: skip
    return Sheet(f"{which.form} lines {span}", columns, tuple(rows))


def _made(house: House, book: Book, span: Span, wanted: str) -> tuple[TaxReturn, Form]:
    found = recorded(house, book.name, span)
    codes = {line.tax_code for one in found for line in one.entry.lines if line.tax_code}
    if not codes:  # a period without sales: what the book's rulebook would use
        codes = {code for rule in house.rulebook(book.name).tax.jurisdictions for code in rule.rates}
    form = load_form(wanted) if wanted else choose_form(book.regime, book.currency, codes)
    ledger = ledger_rules(house.book_config(book.name).ledger.platform)
    facts = facts_of(house, found)
    return return_of(form, facts, last=span.last, currency=book.currency, ledger=ledger), form


def _not_final(house: House, book: Book, span: Span, made: TaxReturn, *, closing: bool) -> list[str]:
    """Why the figures may still move."""
    waiting = {line.fact.deal for line in made.lines if line.fact.state != "posted"}
    found = []
    if waiting:
        some = ", ".join(sorted(waiting)[:5]) + (", ..." if len(waiting) > 5 else "")
        found.append(f"{counted(len(waiting), 'deal')} of the period not in the ledger yet: {some}.")
    with house.store.read() as conn:
        closed = closed_through(conn, book.name)
    if not closing and (closed is None or closed < span.last):
        found.append(f"The books are open within {span}: close its months first, or a later deal may still enter it.")
    return found


def _text(row: str, text: str, currency: str) -> tuple[Cell, ...]:
    nothing: Decimal | None = None
    return (row, "", "", nothing, nothing, nothing, nothing, text, currency, "")
