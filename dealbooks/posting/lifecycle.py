"""What has become of a deal: which version stands, and the mirror of one that no longer does.

Nothing that was posted is edited or deleted. An amendment is the mirror of the standing version and the new one; an
unwind is the mirror alone (deal-model.md section 1, posting-rules.md section 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

from dealbooks.deal import Deal, LifecycleEvent
from dealbooks.deal.rules import tolerance
from dealbooks.entries import Entry, Line
from dealbooks.posting.arithmetic import ZERO, total
from dealbooks.posting.errors import PostingError
from dealbooks.posting.foreign import on_account
from dealbooks.posting.roles import VEHICLE_ROLES
from dealbooks.posting.sheet import Dated

_SALE = re.compile(r"sale-v(\d+)")
_MONEY = frozenset(
    {
        "deposit.received", "payment.received", "contract.funded", "reserve.received", "trade.paid_off",
        "customer.refunded",
    }
)  # fmt: skip
_EVENTS = {"reversal": "sale.reversed", "unwind": "sale.unwound"}


def ended(deal: Deal) -> LifecycleEvent | None:
    """The event that ended the deal, or None while it stands."""
    ends = [event for event in deal.lifecycle if event.event in ("unwound", "cancelled")]
    return ends[-1] if ends else None


def posted_versions(found: Mapping[str, Entry]) -> list[int]:
    """Versions that have a sale entry, oldest first."""
    sales = [_SALE.fullmatch(name) for name in found if name.startswith("sale-")]
    return sorted([int(match[1]) for match in sales if match is not None])


def standing_version(found: Mapping[str, Entry]) -> int | None:
    """The newest version whose sale entry no mirror took back."""
    standing = [n for n in posted_versions(found) if f"reversal-v{n}" not in found and f"unwind-v{n}" not in found]
    return standing[-1] if standing else None


def mirrors(found: Mapping[str, Entry], version: int, kind: Literal["reversal", "unwind"], day: Dated) -> list[Entry]:
    """The exact mirror of a version's sale entry, and of its costs entry where there is one."""
    return [
        replace(
            found[original],
            entry_id=mirror,
            event=_EVENTS[kind],
            accounting_date=day.booked,
            lines=tuple([line.mirrored() for line in found[original].lines]),
            reverses=original,
            original_date=day.original,
            note=day.note,
        )
        for original, mirror in (
            (f"sale-v{version}", f"{kind}-v{version}"),
            (f"cost-v{version}", f"{kind}-cost-v{version}"),
        )
        if original in found and mirror not in found
    ]


def net_journal(reversal: Entry, sale: Entry) -> Entry:
    """An amendment as one entry, for a ledger that takes the net instead of mirror and new version: line by line the
    new version less the old one. It replaces both, and has no line where nothing changed.

    Raises:
        PostingError: when the two are of different days, or converted at different rates: then both must be posted.
    """
    if (reversal.accounting_date, reversal.fx_rate) != (sale.accounting_date, sale.fx_rate):
        raise PostingError(
            sale.entry_id,
            f"it differs from {reversal.entry_id} in its date or its exchange rate, so there is no one net entry",
            fix="Post the reversal and the new version.",
        )
    merged: dict[tuple[object, ...], Line] = {}
    for line in (*reversal.lines, *sale.lines):
        key = (line.part, line.role, line.tax_code, *sorted(line.dimensions.items()))
        was = merged.get(key)
        base = line.base if was is None or was.base is None or line.base is None else was.base + line.base
        merged[key] = line if was is None else replace(was, amount=was.amount + line.amount, base=base)
    number = sale.entry_id.removeprefix("sale-").removeprefix("cost-")
    name = "net" if sale.event == "sale.posted" else "net-cost"
    return replace(
        sale,
        entry_id=f"{name}-{number}",
        event="sale.amended",
        lines=tuple(line for line in merged.values() if line.amount or line.base),
        note=f"The difference between {reversal.reverses} and {sale.entry_id}. {sale.note}".rstrip(),
    )


def refuse_recast(deal: Deal, sale: Entry) -> None:
    """A car sold outside the margin scheme cannot be moved into it later (posting-rules.md section 4).

    Raises:
        PostingError: when the amendment would do that.
    """
    vehicle = next((line for line in deal.lines if line.kind == "vehicle"), None)
    rates = deal.tax.rates
    if vehicle is None or vehicle.tax_code is None or rates.get(vehicle.tax_code) != "margin":
        return
    role = VEHICLE_ROLES[deal.sale_class].sales
    for line in sale.lines:
        if line.part == "invoice" and line.role == role and rates.get(line.tax_code or "") != "margin":
            raise PostingError(
                deal.deal_id,
                f"the car was sold under {line.tax_code}, outside the margin scheme; "
                "an amendment cannot move the sale into it",
                fix="Keep the tax treatment of the first invoice, or ask the tax adviser.",
            )


def refuse_other_rate(deal: Deal, found: Mapping[str, Entry]) -> None:
    """Money that is recorded for a foreign-currency sale stands at the exchange rate of that sale: an amendment at
    another rate would leave a difference on the accounts that it settled.

    Raises:
        PostingError: when the amendment states another exchange rate, or another currency, and money is recorded.
    """
    versions = posted_versions(found)
    sale = found[f"sale-v{versions[-1]}"] if versions else None
    rate = deal.fx_rate if deal.currency != deal.base_currency else None
    if sale is None or (sale.currency, sale.fx_rate) == (deal.currency, rate):
        return
    money = next((one.entry_id for one in found.values() if one.event in _MONEY), None)
    if money is None:
        return
    was, now = (_rate_text(deal, *one) for one in ((sale.currency, sale.fx_rate), (deal.currency, rate)))
    raise PostingError(
        deal.deal_id,
        f"{sale.entry_id} is posted in {was}, and {money} with it; this version is in {now}",
        fix="Keep the currency and the exchange rate of the sale, and enter the difference in the ledger by a journal.",
    )


def refuse_before_sale(deal: Deal, found: Mapping[str, Entry], day: date, what: str) -> None:
    """A version that is recorded is not amended or taken back on a day before its own.

    Raises:
        PostingError: when `day` is earlier than the sale entry that stands.
    """
    version = standing_version(found)
    if version is None:
        return
    sale = found[f"sale-v{version}"]
    sold = sale.original_date or sale.accounting_date
    if day < sold:
        raise PostingError(
            deal.deal_id,
            f"it {what} on {day.isoformat()}, before version {version} of the sale, which is recorded on "
            f"{sold.isoformat()}",
            fix=f"Give a day from {sold.isoformat()} on.",
        )


def refuse_overpaid(deal: Deal, entries: Iterable[Entry], elsewhere: Decimal = ZERO) -> None:
    """After a deal has ended, the customer may be owed money, but owes none: what was given back came in before.
    `elsewhere` is what came in that others book.

    Raises:
        PostingError: when more was refunded than received, beyond the deal's tolerance.
    """
    on_books, _ = on_account(entries, "receivable.customer")
    left = on_books - elsewhere
    if left > tolerance(deal):
        raise PostingError(
            deal.deal_id,
            f"the deal has ended, and {left} {deal.currency} more were refunded than the customer had paid",
            fix="Correct the refunds, or add the money that was received.",
        )


def _rate_text(deal: Deal, currency: str, rate: Decimal | None) -> str:
    return currency if rate is None else f"{currency} at {rate:f} {deal.base_currency}"


def amendment_items(deal: Deal, found: Mapping[str, Entry]) -> tuple[str, ...]:
    """What an amendment leaves to collect because facts have moved on: money that was paid or received for a
    part-exchange or a finance contract that the deal no longer has. In words for a person."""
    items: list[str] = []
    owed = {trade.stock_no: trade.payoff for trade in deal.trade_ins}
    for entry in found.values():
        amount = entry.total_debit
        if entry.event == "trade.paid_off":
            stock_no = entry.entry_id.removeprefix("payoff-")
            lien = [line for line in entry.lines if line.role == "payable.trade_payoff"]
            paid, now = total(line.amount.amount for line in lien), owed.get(stock_no, ZERO)
            if paid > now:
                holder = lien[0].dimensions["party"]
                items.append(
                    f"{paid} {entry.currency} were paid to {holder} for trade-in {stock_no}, and the deal now has "
                    f"{now}: collect {paid - now}."
                )
        elif entry.event in ("contract.funded", "reserve.received") and deal.finance is None:
            items.append(f"A lender paid {amount} {entry.currency}, and the deal is no longer financed: pay it back.")
    return tuple(items)


def open_items(deal: Deal, found: Mapping[str, Entry]) -> tuple[str, ...]:
    """What an unwind leaves to collect because facts have moved on, in words for a person (`unwind_incomplete`)."""
    items: list[str] = []
    for entry in found.values():
        amount = entry.total_debit
        if entry.event == "trade.paid_off":
            stock_no = entry.entry_id.removeprefix("payoff-")
            holder = next((trade.lienholder for trade in deal.trade_ins if trade.stock_no == stock_no), None)
            items.append(f"The payoff on trade-in {stock_no} was paid to {holder}: collect it from the customer.")
        elif entry.event in ("contract.funded", "reserve.received") and deal.finance is not None:
            what = "contract" if entry.event == "contract.funded" else "finance reserve"
            items.append(f"{deal.finance.lender} paid {amount} {entry.currency} for the {what}: it is owed back.")
        elif entry.event == "fi.charged_back":
            name = entry.entry_id.removeprefix("chargeback-")
            items.append(f"Chargeback {name} was booked before the sale was taken back: settle the difference.")
    return tuple(items)
