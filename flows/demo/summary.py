"""What the demo shows at its end, and the checks that make it fail: each is a promise of the product."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, Table, func, select

from dealbooks.cli import output
from dealbooks.cli.output import Column
from dealbooks.demo import WAVES, DemoSummary
from dealbooks.house import House
from dealbooks.periods import Period
from dealbooks.pipeline.quarantine import waiting
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.store.audit import verify
from dealbooks.store.tables import deal_versions, deals, effects, entries

_LEAST_SHAPES = 30


def summarise(house: House, demo: DemoSummary) -> list[str]:
    """Print the summary; returns what is not as it must be."""
    wrong: list[str] = []
    last = str(Period.of(WAVES[-1]))
    found = {book: reconcile(house, book, last) for book in house.config.books}
    wrong += _posted(house, demo)
    wrong += _quarantined(house, demo)
    for book, rec in found.items():
        wrong += _books(house, book, rec)
    wrong += _proofs(house, demo, found)
    return wrong


def _posted(house: House, demo: DemoSummary) -> list[str]:
    wrong = []
    rows = []
    with house.store.read() as conn:
        for book in house.config.books:
            states = _by_state(conn, deals, book)
            posted = _by_state(conn, effects, book)
            versions = conn.execute(
                select(func.count()).where((deal_versions.c.book == book) & (deal_versions.c.version > 1))
            ).scalar_one()
            count = conn.execute(select(func.count()).where(entries.c.book == book)).scalar_one()
            rows.append((book, states["posted"], states["unwound"], versions - states["unwound"], count))
            if set(states) - {"posted", "unwound"}:
                wrong.append(f"{book}: deals are left in {', '.join(sorted(set(states) - {'posted', 'unwound'}))}")
            if set(posted) - {"posted", "superseded"}:
                wrong.append(f"{book}: not everything in the outbox is posted: {dict(posted)}")
    output.say()
    output.table(
        [
            "book", Column("deals posted", count=True), Column("unwound", count=True), Column("corrected", count=True),
            Column("entries", count=True),
        ],
        rows,
        title="Posted, each once",
    )  # fmt: skip
    total = sum(row[1] for row in rows)
    files = sum(name.endswith((".csv", ".csv.gz")) for name in demo.files)
    output.say(f"{total} deals of {demo.shapes} different shapes stand in the books, from {files} files.")
    if total != demo.deals:
        wrong.append(f"{demo.deals} deals were to stand in the books, {total} do")
    if demo.shapes < _LEAST_SHAPES:
        wrong.append(f"only {demo.shapes} shapes of deal")
    return wrong


def _by_state(conn: Connection, table: Table, book: str) -> Counter[str]:
    query = select(table.c.state, func.count()).where(table.c.book == book).group_by(table.c.state)
    return Counter({row[0]: row[1] for row in conn.execute(query)})


def _quarantined(house: House, demo: DemoSummary) -> list[str]:
    items = waiting(house)
    output.say()
    output.table(
        ["no.", "deal", "where", "why"],
        [(str(item.id), item.deal_number, item.place, item.errors[0].message) for item in items],
        title=f"In quarantine: {len(items)} deals wait for a person",
    )
    got = {item.deal_number: {one.code for one in item.errors} for item in items}
    want = {flaw.deal_number: {flaw.code} for flaw in demo.flaws}
    return [] if got == want else [f"quarantine holds {got}, and should hold {want}"]


def _books(house: House, book: str, rec: Reconciliation) -> list[str]:
    output.say()
    output.table(
        ["role", Column(f"balance {rec.currency}", amount=True)],
        [(balance.name, balance.closing) for balance in rec.trial_balance if balance.closing],
        title=f"{house.book_config(book).name}: trial balance by role, {rec.as_of:%d %B %Y}",
    )
    total = sum((balance.closing for balance in rec.trial_balance), Decimal(0))
    wrong = [f"{book}: the trial balance comes to {total}"] if total else []
    wrong += [f"{book}: {one.what}" for one in rec.differences]
    return wrong


def _proofs(house: House, demo: DemoSummary, found: dict[str, Reconciliation]) -> list[str]:
    wrong = []
    output.say()
    for book, rec in found.items():
        problems = house.ledger(book).problems()
        wrong += [f"{book}: {problem}" for problem in problems]
        output.say(f"bean-check {book}: {'no errors' if not problems else '; '.join(problems)}")
        sold = _stock_of_sold_cars(house, book, rec)
        wrong += [f"{book}: stock number {stock} was sold and still stands at {value}" for stock, value in sold]
        output.say(
            f"stock {book}: every sold car stands at zero" if not sold else f"stock {book}: {len(sold)} cars do not"
        )
    report = verify(house.store)
    output.say(f"audit: {report.links} links over {report.rows} rows, {'unbroken' if report.intact else 'BROKEN'}")
    wrong += [f"audit: {one.where}: {one.message}" for one in report.breaks]
    return wrong


def _stock_of_sold_cars(house: House, book: str, rec: Reconciliation) -> list[tuple[str, Decimal]]:
    with house.store.read() as conn:
        query = select(deals.c.stock_no).where((deals.c.book == book) & (deals.c.state == "posted"))
        sold = {row.stock_no for row in conn.execute(query)}
    return [(one.name, one.closing) for one in rec.stock if one.name in sold and one.closing]


def next_steps(config: Path) -> None:
    """Print what a new user may look at now."""
    shown = config.relative_to(Path.cwd()) if config.is_relative_to(Path.cwd()) else config
    name = f".venv/bin/dealbooks --config {shown}"
    output.say()
    output.say("What next:")
    output.say(f"  {name} quarantine list          what waits, and why")
    output.say(f"  {name} trace NG-70101           the whole story of a deal")
    output.say(f"  {name} close northgate 2026-07  what stands in the way of a month's close: docs/close.md")
    output.say(
        f"  {name} up                       the Prefect UI, with these runs and the schedules, and the ledgers in Fava"
    )
    output.say(f"  .venv/bin/fava {shown.parent}/books/northgate/main.beancount     the ledger in a browser")
