"""What has become of a deal: which version stands, and the mirror of one that no longer does.

Nothing that was posted is edited or deleted. An amendment is the mirror of the standing version and the new one; an
unwind is the mirror alone (deal-model.md section 1, posting-rules.md section 1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from dealbooks.deal import Deal, LifecycleEvent
from dealbooks.entries import Entry
from dealbooks.posting.errors import PostingError
from dealbooks.posting.roles import VEHICLE_ROLES
from dealbooks.posting.sheet import Dated

_SALE = re.compile(r"sale-v(\d+)")
_EVENTS = {"reversal": "sale.reversed", "unwind": "sale.unwound"}


def ended(deal: Deal) -> LifecycleEvent | None:
    """The event that ended the deal, or None while it stands."""
    ends = [event for event in deal.lifecycle if event.event in ("unwound", "cancelled")]
    return ends[-1] if ends else None


def posted_versions(found: Mapping[str, Entry]) -> list[int]:
    """Versions that have a sale entry, oldest first."""
    return sorted(int(match[1]) for match in map(_SALE.fullmatch, found) if match is not None)


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
    return tuple(items)
