"""What a bookkeeper pays in total, and not by car: commission through payroll, tax to the authority. Pure.

Such an entry clears what the account holds, as long as it pays no more than that. An account that the book itself
marks as `owned` is moved by deals only, and this is no excuse there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from dealbooks.ledger import Record, RecordLine
from dealbooks.reconcile.accounts import AccountMap
from dealbooks.reconcile.compare import side_text
from dealbooks.reconcile.model import OWNED, MatchPolicy

ZERO = Decimal(0)
# What is paid in total, for many deals at once (period-close.md R6, R8).
REMITTED = ("payable.commission", "payable.sales_tax", "tax.output", "tax.margin", "tax.lct")
# Against what, beside accounts outside the chart: money, what a tax return sets off, somebody who is paid later.
_AGAINST = ("cash.*", "tax.input", "payable.supplier")
Balances = Mapping[tuple[str, str], Decimal]


def is_remitted(account: str, accounts: AccountMap) -> bool:
    """Whether an account (its label) is one that is paid in total."""
    return accounts.plays(account, *REMITTED)


def remitted(records: Sequence[Record], policy: MatchPolicy, closing: Balances) -> dict[str, str]:
    """Records typed by hand (in the order of their days) that pay such an account -> what they pay, in words. `closing`
    are the balances at the end of the period by account and currency; each record is judged by the balance without it
    and those after it."""
    accounts, running = policy.accounts, dict(closing)
    paid = {one.ref: _moved(one, accounts) for one in records}
    for moved in paid.values():
        for place, amount in moved.items():
            running[place] = running.get(place, ZERO) - amount
    found: dict[str, str] = {}
    for record in records:
        moved = paid[record.ref]
        held = {place: running.get(place, ZERO) for place in moved}
        if (
            moved
            and all(held[place] < 0 < amount <= -held[place] for place, amount in moved.items())
            and all(_fits(line, policy) for line in record.lines)
        ):
            found[record.ref] = "; ".join(
                f"{account} in total: {side_text(amount, currency)} of {side_text(held[account, currency], currency)}"
                for (account, currency), amount in sorted(moved.items())
            )
        for place, amount in moved.items():
            running[place] += amount
    return found


def _moved(record: Record, accounts: AccountMap) -> dict[tuple[str, str], Decimal]:
    """What a record does to such accounts, by lines that name no car."""
    sums: dict[tuple[str, str], Decimal] = {}
    for line in record.lines:
        account = accounts.of_line(line)
        if is_remitted(account, accounts) and not line.dimensions.get("stock_no"):
            place = (account, line.currency)
            sums[place] = sums.get(place, ZERO) + line.amount
    return {place: amount for place, amount in sums.items() if amount}


def _fits(line: RecordLine, policy: MatchPolicy) -> bool:
    """Whether a line may stand in a payment: of such an account, not marked by the book; or of none that deals own, and
    where it gives the money, of one from which it can come."""
    account, role = policy.accounts.of_line(line), policy.accounts.role_of(line)
    if is_remitted(account, policy.accounts):
        marked = policy.owned != OWNED and any(policy.owns(one) for one in policy.accounts.roles(account))
        return not marked and not line.dimensions.get("stock_no")
    if policy.owns(role):
        return False
    return line.amount > 0 or not role or policy.accounts.plays(account, *_AGAINST)
