"""Gather what a pack is made from: the reconciliation, the ledger's listing, and what the store knows. Reads only."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.pack import registers, tables
from dealbooks.pack.archive import beancount_book
from dealbooks.pack.beancount_text import period_text
from dealbooks.pack.charts import charts
from dealbooks.pack.ledgercopy import LedgerCopy
from dealbooks.pack.model import PackData, Table, Told
from dealbooks.pack.shown import deal_file
from dealbooks.periods import Period
from dealbooks.pipeline.exports import Wanted, commissions, journal, part_exchanges, stock_book, vat_return_lines
from dealbooks.pipeline.reconcile import Reconciliation
from dealbooks.pipeline.recorded import Recorded, recorded, sales_of
from dealbooks.pipeline.sheets import Sheet
from dealbooks.pipeline.taxreturn import return_sheet
from dealbooks.pipeline.trace import stories
from dealbooks.reconcile.accounts import AccountMap
from dealbooks.returns import Span
from dealbooks.store.tables import deals

_CHUNK = 400
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
# Programs, and what would be fetched: style sheets, icons and pictures.
_OUTSIDE = re.compile(
    r"<script\b.*?</script>|<link\b[^>]*>|<img\b[^>]*\bsrc=[\"']http[^>]*>", re.IGNORECASE | re.DOTALL
)
_NOTHING_FROM_OUTSIDE = (
    '<head><meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)
# What stands on the page of a wide table; the rest is in its CSV.
_ON_PAGE = {
    "tax-return": ("row", "box", "title", "amount", "ledger_computes", "adjustment", "note"),
    "stock-book": (
        "date", "stock_no", "description", "purchase_date", "purchase_price", "deal", "selling_price", "margin", "vat",
        "taken_back",
    ),
    "part-exchanges": ("date", "stock_no", "description", "purchase_price", "ledger_stock_value", "deal", "taken_back"),
    "commissions": ("person", "date", "plan", "deal", "customer", "what", "amount", "person_total"),
}  # fmt: skip


def new_copy(house: House, book: str, period: Period) -> LedgerCopy:
    """An empty copy, to be shown the ledger's records."""
    return LedgerCopy(AccountMap(house.book(book).chart), period.first, period.last)


def gather(house: House, rec: Reconciliation, copy: LedgerCopy, *, closing: bool = False) -> PackData:
    """All that the pack of a reconciled period is made from; `copy` has seen the same reading of the ledger. `closing`:
    the period is being closed with it."""
    own, span = house.book(rec.book), Span.parse(rec.period)
    known = recorded(house, rec.book, span)
    sales = list(sales_of(house, known))
    wanted = Wanted(house, own, span)
    log = registers.deal_log(house, rec.book, sales)
    contracts = registers.contracts(house, rec.book, copy.contracts, rec.as_of)
    told_of = _told_of(house, rec, known)
    batches, read_up_to = registers.checks(house, told_of)
    docs = _data_docs(house.var / "data_docs", batches)
    left = {(row.name, row.currency): row.closing for row in rec.stock}
    made: list[Table] = [
        tables.tie_out(rec), tables.matrix(rec), tables.by_class(rec), tables.exceptions(rec), tables.cut_off(rec),
        tables.units(rec), contracts, registers.ageing(contracts), log, registers.tax_by_code(sales),
        _export("tax-return", "The boxes of the return, and what to adjust in the ledger's own.",
                _or_why_not(lambda: return_sheet(house, own, span, closing=closing))),
        _export("stock-book", "Cars sold under the margin scheme.", stock_book(wanted)),
        _export("part-exchanges", "Cars taken in part-exchange.", part_exchanges(wanted)),
        _export("commissions", "What each person earned, and what was taken back.", commissions(wanted)),
        registers.inventory_relief(known, left), tables.stock(rec),
        registers.taken_back(known, tables.late(rec)), tables.rounding(known),
        tables.roll_forward(rec, known, copy.accounts), tables.trial_balance(copy), tables.by_hand(rec),
        tables.activity(rec),
        tables.receipts(rec), tables.suggestions(rec),
        _export("checks", "The batches that these deals came in, and the page of checks that was kept of each.",
                _checks(batches, docs)),
        _export("journal", "Every line of every entry.", journal(wanted), shown=0),
        _export("tax-return-lines", "What feeds each box.", _or_why_not(lambda: vat_return_lines(wanted)), shown=0),
    ]  # fmt: skip
    main = getattr(house.ledger(rec.book), "main", None)  # of a ledger that is files
    title = house.book_config(rec.book).name
    return PackData(
        rec=rec, title=title, tables=tuple(made), charts=charts(rec, contracts, log, copy.first, copy.last),
        stories=_stories(house, told_of), numbers={number: deal_id for deal_id, number in told_of.items()},
        versions=versions(house, rec.book),
        read_up_to=read_up_to, platform=house.book_config(rec.book).ledger.platform,
        docs=docs, ledger_text=period_text(f"{title}, {rec.period}", rec.currency, own.chart, copy),
        ledger_book=beancount_book(main) if isinstance(main, Path) and main.exists() else b"",
    )  # fmt: skip


def versions(house: House, book: str) -> dict[str, str]:
    """Which software, rulebook, chart and field maps the books of a book are made with."""
    rules, chart = house.rulebook(book), house.book(book).chart
    found = {
        "dealbooks": version("dealbooks"),
        "python": platform.python_version(),
        "rulebook": f"{rules.rulebook}, {rules.content_hash}",
        "policies": sha256_hex(canonical_json(house.book_config(book).policies.model_dump(mode="json"))),
    }
    if chart is not None:
        found["chart"] = f"{chart.name}, {sha256_hex(canonical_json(chart.model_dump(mode='json')))}"
    for source in sorted(house.config.sources):
        if book in house.source_config(source).books.values():
            found[f"map_of_{source}"] = house.field_map(source).content_hash
    return found


def _export(key: str, intro: str, sheet: Sheet, *, shown: int = 200) -> Table:
    title = key.replace("-", " ").capitalize()
    return Table(key, intro, Sheet(title, sheet.columns, sheet.rows), shown, _ON_PAGE.get(key, ()))


def _or_why_not(make: Callable[[], Sheet]) -> Sheet:
    """A return, or why there is none: a book without a form that is shipped is closed all the same."""
    try:
        return make()
    except UsageError as error:
        return Sheet("no return", ("row", "note"), (("note", error.words),))


def _told_of(house: House, rec: Reconciliation, known: Iterable[Recorded]) -> dict[str, str]:
    """The deals that a pack tells of, internal id -> number: those with an entry in the period, and those named."""
    wanted = {one.deal_id for one in known} | {one.deal_id for one in rec.cut_off}
    named = {one.deal for one in rec.exceptions} | {one.deal for one in rec.late}
    found = {}
    with house.store.read() as conn:
        for column, names in ((deals.c.id, wanted - {""}), (deals.c.deal_number, named - {""})):
            listed = sorted(names)
            for start in range(0, len(listed), _CHUNK):
                chosen = column.in_(listed[start : start + _CHUNK]) & (deals.c.book == rec.book)
                query = select(deals.c.id, deals.c.deal_number).where(chosen)
                found.update({row.id: row.deal_number for row in conn.execute(query)})
    return dict(sorted(found.items(), key=lambda pair: (pair[1], pair[0])))


def _stories(house: House, ids: Iterable[str]) -> dict[str, Told]:
    return {
        story.deal_id: Told(story, story.entries, deal_file(story.deal, story.deal_id))
        for story in stories(house, list(ids))
    }


def _data_docs(folder: Path, batches: Iterable[tuple[str, int]]) -> dict[str, bytes]:
    """The pages of checks that are still kept, made to load nothing from the internet."""
    found = {}
    for source, number in batches:
        name = f"batch-{_UNSAFE.sub('-', f'{source}-{number}')}.html"
        page = folder / name
        if page.is_file():
            text = _OUTSIDE.sub("", page.read_text(encoding="utf-8"))
            found[f"data-docs/{name}"] = text.replace("<head>", _NOTHING_FROM_OUTSIDE, 1).encode()
    return found


def _checks(batches: Iterable[tuple[str, int]], docs: Mapping[str, bytes]) -> Sheet:
    rows = []
    for source, number in batches:
        page = f"data-docs/batch-{_UNSAFE.sub('-', f'{source}-{number}')}.html"
        rows.append((source, number, page if page in docs else "no page is kept any more"))
    return Sheet("checks", ("source", "batch", "page"), tuple(rows))
