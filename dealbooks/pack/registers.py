"""Tables about deals: the deal log, contracts in transit, tax by code, inventory relief, what was taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from dealbooks.deal import Deal
from dealbooks.house import House
from dealbooks.pack.ledgercopy import OpenContract
from dealbooks.pack.model import Table
from dealbooks.pack.shown import percent
from dealbooks.pack.tables import money
from dealbooks.pipeline.expected import owners_of
from dealbooks.pipeline.history import newest_deals
from dealbooks.pipeline.recorded import Recorded, Sale
from dealbooks.pipeline.sheets import Cell, Sheet
from dealbooks.store.tables import effects

ZERO = Decimal(0)
BUCKETS = (
    (5, "0 to 5 days"), (10, "6 to 10 days"), (15, "11 to 15 days"), (30, "16 to 30 days"), (10**6, "over 30 days"),
)  # fmt: skip
_CHUNK = 400
_LOG_PAGE = (
    "date", "deal", "stock_no", "customer", "class", "location", "total", "tax_shown", "margin_vat", "front_gross",
    "back_gross", "commission", "taken_back",
)  # fmt: skip
_BACK = {"sale.reversed": "amended", "sale.unwound": "unwound"}


def deal_log(house: House, book: str, sales: Sequence[Sale]) -> Table:
    """Every sale of the period with its figures; one taken back is a negative."""
    refs = _references(house, book, {sale.recorded.deal_id for sale in sales})
    rows: list[tuple[Cell, ...]] = []
    for sale in sales:
        deal, sign, got = sale.deal, sale.sign, sale.figures
        base, car = got.metrics.currency, deal.vehicle
        cost = ZERO if car.cost is None else car.cost + car.recon_cost
        margin = ZERO if got.taxes.margin is None else got.taxes.margin.vat
        own = [
            money(sign * one, deal.currency) for one in (got.invoice.gross_total, got.invoice.tax_total_shown, margin)
        ]
        ours = [
            money(sign * one, base)
            for one in (cost, got.metrics.front_gross, got.metrics.back_gross, got.metrics.commission_total)
        ]
        delivered = deal.dates.delivery or deal.accounting_date
        rows.append(
            (
                sale.recorded.entry.accounting_date.isoformat(), deal.deal_id, car.stock_no, car.vin,
                deal.customer.name or deal.customer.id, delivered.isoformat(), deal.sale_class.replace("_", " "),
                deal.location, *own, deal.currency, *ours, base, "" if sign > 0 else "taken back",
                " ".join(refs.get(sale.recorded.deal_id, ())),
            )
        )  # fmt: skip
    columns = (
        "date", "deal", "stock_no", "vin", "customer", "delivered", "class", "location", "total", "tax_shown",
        "margin_vat", "currency", "cost", "front_gross", "back_gross", "commission", "base_currency", "taken_back",
        "documents",
    )  # fmt: skip
    intro = "Every sale booked in the period, with what it brought. A sale taken back stands as a negative."
    return Table("deal-log", intro, Sheet("Deal log", columns, tuple(rows)), 200, _LOG_PAGE)


def _references(house: House, book: str, ids: Collection[str]) -> dict[str, list[str]]:
    """What the ledger calls the sales documents of some deals: the last part of each reference."""
    listed = sorted(ids)
    found: dict[str, list[str]] = {}
    with house.store.read() as conn:
        for start in range(0, len(listed), _CHUNK):
            mine = effects.c.deal_id.in_(listed[start : start + _CHUNK]) & (effects.c.book == book)
            query = select(effects.c.deal_id, effects.c.ref).where(mine & (effects.c.ref != "")).order_by(effects.c.seq)
            for row in conn.execute(query):
                name = row.ref.rpartition("/")[2].removesuffix(".beancount")[:16]
                if name not in found.setdefault(row.deal_id, []):
                    found[row.deal_id].append(name)
    return found


def contracts(house: House, book: str, open_now: Sequence[OpenContract], as_of: date) -> Table:
    """Contracts that the lender has not settled, oldest first."""
    with house.store.read() as conn:
        owners = owners_of(conn, book, (key for one in open_now for key in one.keys))
        ids = sorted({deal_id for _, deal_id in owners.values()})
        known = newest_deals(conn, ids)
    rows: list[tuple[int, tuple[Cell, ...]]] = []
    for one in open_now:
        mine = [known[owners[key][1]] for key in sorted(one.keys) if key in owners and owners[key][1] in known]
        deal = max(mine, key=lambda it: (it.dates.delivery or it.accounting_date, it.deal_id), default=None)
        rows.append(_contract(one, deal, as_of))
    columns = (
        "age", "days", "stock_no", "deal", "customer", "lender", "contract_no", "delivered", "responsible", "balance",
        "currency",
    )  # fmt: skip
    ordered = tuple(row for _, row in sorted(rows, key=lambda pair: (-pair[0], str(pair[1][2]))))
    intro = (
        f"What finance companies owe on {as_of.isoformat()}, by days since delivery. After 5 days somebody should know "
        "why, after 10 it is late, after 15 it is escalated; over 30 the sale itself is reviewed."
    )
    return Table("contracts-in-transit", intro, Sheet("Contracts in transit", columns, ordered), 200)


def _contract(one: OpenContract, deal: Deal | None, as_of: date) -> tuple[int, tuple[Cell, ...]]:
    shown = money(one.balance, one.currency)
    if deal is None:
        return -1, ("not known", None, one.stock_no, "", "", "", "", "", "", shown, one.currency)
    delivered = deal.dates.delivery or deal.accounting_date
    days = max((as_of - delivered).days, 0)
    people = sorted({share.person for plan in deal.commission_plans if plan.role == "finance" for share in plan.splits})
    finance = deal.finance
    about = (
        bucket(days), days, one.stock_no, deal.deal_id, deal.customer.name or deal.customer.id,
        "" if finance is None else finance.lender, "" if finance is None else finance.contract_no or "",
        delivered.isoformat(), ", ".join(people),
    )  # fmt: skip
    return days, (*about, shown, one.currency)


def bucket(days: int) -> str:
    """The age group of so many days."""
    return next(name for most, name in BUCKETS if days <= most)


def ageing(table: Table) -> Table:
    """Contracts in transit added up by age and by lender."""
    by_age: dict[tuple[int, str, str], tuple[int, Decimal]] = {}
    by_lender: dict[tuple[str, str], tuple[int, Decimal]] = {}
    order = {name: place for place, (_, name) in enumerate(BUCKETS)}
    for row in table.sheet.rows:
        age, lender, amount, currency = str(row[0]), str(row[5]), Decimal(str(row[9])), str(row[10])
        place = (order.get(age, len(order)), age, currency)
        count, total = by_age.get(place, (0, ZERO))
        by_age[place] = (count + 1, total + amount)
        count, total = by_lender.get((lender or "not known", currency), (0, ZERO))
        by_lender[lender or "not known", currency] = (count + 1, total + amount)
    rows: list[tuple[Cell, ...]] = [
        ("age", name, count, money(total, cur), cur) for (_, name, cur), (count, total) in sorted(by_age.items())
    ]
    rows += [("lender", name, n, money(total, cur), cur) for (name, cur), (n, total) in sorted(by_lender.items())]
    sheet = Sheet("Contracts in transit by age", ("by", "group", "contracts", "balance", "currency"), tuple(rows))
    return Table("contracts-by-age", "The contracts in transit, added up by age and by lender.", sheet)


def tax_by_code(sales: Iterable[Sale]) -> Table:
    """Base and tax by code, as the sales of the period come to; a sale taken back counts as a negative."""
    sums: dict[tuple[str, str, str], list[Any]] = {}
    margins: set[str] = set()
    for sale in sales:
        taxes = sale.figures.taxes
        if taxes.margin is not None:
            margins.add(taxes.margin.code)
        taxed = {tax.code for tax in taxes.rows}
        found = [(tax.code, tax.rate, tax.base, tax.amount) for tax in taxes.rows]
        # Codes without tax (zero-rated, exempt, outside the scope) stand on the lines only.
        found += [(one.line.tax_code or "", "", one.net, one.tax) for one in taxes.lines]
        for code, rate, base, tax in found:
            if code and (rate or code not in taxed):
                row = sums.setdefault((code, rate, sale.deal.currency), [ZERO, ZERO, set()])
                row[0] += sale.sign * base
                row[1] += sale.sign * tax
                row[2].add((sale.recorded.deal_id, sale.recorded.entry.entry_id))
    rows = tuple(
        (code, percent(rate), money(base, currency), money(tax, currency), len(documents), currency,
         _of_margins(rate) if code in margins else "")
        for (code, rate, currency), (base, tax, documents) in sorted(sums.items())
    )  # fmt: skip
    intro = (
        "Base and tax by code and rate over the sales of the period, those taken back as negatives. What deposits, "
        "commissions and chargebacks add stands in the boxes of the return, with how they tie to the tax accounts."
    )
    columns = ("code", "rate", "base", "tax", "documents", "currency", "note")
    return Table("tax-by-code", intro, Sheet("Tax by code", columns, rows))


def _of_margins(rate: str) -> str:
    """What the figures of a margin scheme code are."""
    share = Fraction(rate) / (1 + Fraction(rate))
    return (
        f"margin scheme: base is all margins, losses too; tax is {share.numerator}/{share.denominator} of each margin "
        "that is no loss"
    )


def inventory_relief(entries: Iterable[Recorded], left: Mapping[tuple[str, str], Decimal]) -> Table:
    """Cars that left stock in the period: what was taken out of stock against the cost of sales, and what is left."""
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    for one in entries:
        if not one.entry.event.startswith("sale."):
            continue
        for line in one.entry.lines:
            number = line.dimensions.get("stock_no", "")
            stock, cost = line.role.startswith("inventory."), line.role.startswith("cost_of_sales.")
            if number and (stock or cost):
                amount = line.amount if line.base is None else line.base
                row = sums.setdefault((number, one.deal, amount.currency), [ZERO, ZERO])
                if stock and amount.amount:
                    row[0] -= amount.amount
                else:
                    row[1] += amount.amount
    rows = tuple(
        (
            number, deal, money(out, currency), money(cost, currency), money(out - cost, currency),
            money(left.get((number, currency), ZERO), currency), currency,
        )
        for (number, deal, currency), (out, cost) in sorted(sums.items())
    )  # fmt: skip
    columns = ("stock_no", "deal", "out_of_stock", "cost_of_sales", "difference", "left_in_stock", "currency")
    intro = (
        "By stock number: what left stock and what was charged to cost of sales. A part-exchange comes in as a "
        "negative; a sold car should have nothing left."
    )
    return Table("inventory-relief", intro, Sheet("Inventory relief", columns, rows), 200)


def taken_back(entries: Iterable[Recorded], late: Sequence[tuple[Cell, ...]]) -> Table:
    """Late, amended and unwound."""
    rows = list(late)
    for one in entries:
        entry = one.entry
        kind = _BACK.get(entry.event, "")
        if entry.event == "sale.posted" and one.version > 1:
            kind = "amended, new version"
        if kind:
            own = (entry.original_date or entry.accounting_date).isoformat()
            total = money(entry.total_debit, entry.currency)
            rows.append(
                (kind, one.deal, entry.entry_id, own, entry.accounting_date.isoformat(), total, entry.currency,
                 entry.note)
            )  # fmt: skip
    columns = ("kind", "deal", "entry", "own_date", "booked", "total_debit", "currency", "note")
    intro = "What was booked late from a closed period, corrected, or taken back."
    return Table("late-amended-unwound", intro, Sheet("Late, amended, unwound", columns, tuple(rows)))


def checks(house: House, deal_ids: Collection[str]) -> tuple[list[tuple[str, int]], dict[str, str]]:
    """The batches that the versions of some deals came in, (source, number), and for each source of theirs when the
    last record of these deals reached us (UTC)."""
    from dealbooks.store.tables import batches, deal_versions, inbox

    listed = sorted(deal_ids)
    found: set[tuple[str, int]] = set()
    newest: dict[str, str] = {}
    with house.store.read() as conn:
        for start in range(0, len(listed), _CHUNK):
            mine = deal_versions.c.deal_id.in_(listed[start : start + _CHUNK])
            query = (
                select(batches.c.source, batches.c.id, inbox.c.received_at)
                .join(inbox, inbox.c.id == deal_versions.c.inbox_id)
                .join(batches, batches.c.id == inbox.c.batch_id)
                .where(mine)
            )
            for row in conn.execute(query):
                found.add((row.source, row.id))
                newest[row.source] = max(newest.get(row.source, ""), row.received_at)
    return sorted(found), newest
