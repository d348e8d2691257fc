"""From a matching to what a controller reads: exceptions of one class each. Pure.

What an exception of the ledger's side names already (a lender who has not paid, a customer's open account, a deal that
is not posted) is not named again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dealbooks.bank.items import LENDER, BankItem, BankMatch, BankPolicy, BankResult, BankSuggestion, business_day
from dealbooks.bank.model import ZERO, BankLine
from dealbooks.reconcile.model import SEVERITIES, ReconException, Severity, money_text, sorted_exceptions
from dealbooks.reconcile.words import WORDS

_WORDS: Mapping[str, str] = {
    "receipt": "receipt", "refund": "refund", "funding": "funding", "reserve": "finance commission",
    "payoff": "settlement of a part-exchange", "payout": "payout",
}  # fmt: skip
_PLURALS: Mapping[str, str] = {
    "receipt": "receipts", "refund": "refunds", "funding": "fundings", "reserve": "finance commissions",
    "payoff": "settlements of part-exchanges", "payout": "payouts",
}  # fmt: skip
_MOST_NAMED = 5  # deals in one sentence


@dataclass(frozen=True, slots=True)
class Span:
    """The days of an account that statements cover and those of the month that they do not. `proven`: balances."""

    account: str
    currency: str
    covered: tuple[tuple[date, date], ...]
    missing: tuple[tuple[date, date], ...]
    owned: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "account": self.account, "currency": self.currency, "covered": [_days(one) for one in self.covered],
            "missing": [_days(one) for one in self.missing],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """Where and when is judged: the month, the day as of which, spans by account; `named` deals (id, number or stock
    number) that an exception names already -> its classes; `explained` lines that a record of the ledger is, `doubtful`
    those of them whose record is itself an exception: such a record takes no line from money of ours."""

    first: date
    last: date
    as_of: date
    spans: Mapping[str, Span]
    named: Mapping[str, Collection[str]]
    explained: Mapping[str, str]
    deals: Mapping[str, str]
    policy: BankPolicy
    doubtful: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Judged:
    """`transit` and `unjudged` are keys of items: on their way, or of days without statements. `lacking` are items to
    decide that are not at the bank, whichever of those that are alike they are: an exception says how many."""

    exceptions: tuple[ReconException, ...]
    undecided: tuple[BankSuggestion, ...]
    hints: tuple[BankSuggestion, ...]
    transit: frozenset[str]
    unjudged: frozenset[str]
    lacking: frozenset[str] = frozenset()


def judge(result: BankResult, scene: Scene) -> Judged:
    """Every item that is not at the bank, every line that is not booked, every difference: each named once."""
    items = {item.key: item for item in result.items}
    lines = {line.identity: line for line in result.lines}
    transit = {item.key for item in result.items if in_transit(item, scene)}
    unjudged = {item.key for item in result.items if item.key not in transit and not _judged(item, scene)}
    found: list[ReconException] = []
    hints = list(result.hints)
    said_items: set[str] = set()
    lacking: set[str] = set()
    said_lines: set[str] = {line for one in result.hints for line in one.lines}
    undecided = tuple(one for one in (_unexplained(one, scene) for one in result.undecided) if one.lines)
    for one in undecided:
        said_items.update(one.items)
        said_lines.update(one.lines)
        late = [items[key] for key in one.items if key not in transit | unjudged and items[key].date <= scene.last]
        short = late[max(len(late) + one.surplus, 0) :] if one.surplus < 0 else []
        lacking.update(item.key for item in short)
        found += _surplus(one, items, lines, len(short), scene)
    for item in result.items:
        if item.key not in said_items | transit | unjudged and item.date <= scene.last:
            found.append(_missing(item))
    booked = _booked(result)
    for line in result.lines:
        if line.identity not in said_lines and scene.first <= line.booked <= scene.last:
            exception, hint = _unbooked(line, result.named, booked, scene)
            found += [exception] if exception is not None else []
            hints += [hint] if hint is not None else []
    found += [_uncovered(span, days) for span in scene.spans.values() for days in span.missing]
    found += _unseen([item for item in result.items if item.key in unjudged], scene)
    return Judged(
        sorted_exceptions(found), undecided, tuple(hints), frozenset(transit), frozenset(unjudged), frozenset(lacking)
    )


def differing(
    matches: Iterable[BankMatch], items: Mapping[str, BankItem], lines: Mapping[str, BankLine], scene: Scene
) -> list[ReconException]:
    """Exceptions for money that came with another amount than was booked."""
    found = []
    for one in matches:
        ours, theirs = [items[key] for key in one.items], [lines[line] for line in one.lines]
        if min(item.date for item in ours) > scene.last:
            continue
        lender = all(item.kind in LENDER for item in ours)
        more = one.difference if ours[0].amount > 0 else -one.difference
        if more < 0 and (on_its_way(ours, scene) or (lender and -more <= scene.policy.short)):
            continue
        code = ("cit_over" if more > 0 else "cit_short") if lender else ("overpaid" if more > 0 else "unpaid")
        booked, came = sum((item.amount for item in ours), ZERO), sum((line.amount for line in theirs), ZERO)
        currency, first, deals = ours[0].currency, ours[0], sorted({item.deal for item in ours})
        shown = "deal" if len(deals) == 1 else "deals"
        if len(deals) > 1:
            first = replace(first, deal="", stock_no="")
        is_ = f"{_WORDS[first.kind]} of {shown} {', '.join(deals)} is"
        if len(ours) > 1:
            kinds = {item.kind for item in ours}
            words = _PLURALS[first.kind] if len(kinds) == 1 else "payments"
            is_ = f"{len(ours)} {words} of {shown} {', '.join(deals)} are"
        found.append(
            _exception(
                code, first, one.difference, ours=money_text(booked, currency), theirs=money_text(came, currency),
                what=f"The {is_} booked with {money_text(abs(booked), currency)} {currency}; the bank has "
                f"{money_text(abs(came), currency)} on {theirs[0].booked.isoformat()}.",
                subject=" ".join(one.items), where=f"{shown} {_few(deals)}",
            )
        )  # fmt: skip
    return found


def _few(deals: Sequence[str]) -> str:
    """Deals as a place has room for them."""
    more = len(deals) - _MOST_NAMED
    return ", ".join(deals) if more <= 0 else f"{', '.join(deals[:_MOST_NAMED])} and {more} more"


def on_its_way(items: Iterable[BankItem], scene: Scene) -> bool:
    """Whether what is short of these may still come."""
    return any(in_transit(item, scene) for item in items)


def _accounts(item: BankItem, scene: Scene) -> list[Span]:
    return [
        span for name, span in scene.spans.items() if span.currency == item.currency and name != item.elsewhere
    ]  # fmt: skip


def in_transit(item: BankItem, scene: Scene) -> bool:
    """So recent, as far as statements reach, that it need not be at the bank yet."""
    ends = [span.covered[-1][1] for span in _accounts(item, scene) if span.covered]
    horizon = min([scene.as_of, *ends])
    return business_day(horizon) - business_day(item.date) < scene.policy.transit


def _judged(item: BankItem, scene: Scene) -> bool:
    """Whether every account that it can be on is covered for the days in which it would have come."""
    spans = _accounts(item, scene)
    until = item.date
    while business_day(until) - business_day(item.date) < scene.policy.transit:
        until += timedelta(days=1)
    return bool(spans) and all(
        any(first <= item.date and until <= last for first, last in span.covered) for span in spans
    )


def _unexplained(one: BankSuggestion, scene: Scene) -> BankSuggestion:
    """Without the lines that a record of the ledger is; of doubtful records only as many as are too many."""
    sure = [line for line in one.lines if line in scene.explained and line not in scene.doubtful]
    doubtful = [line for line in one.lines if line in scene.doubtful]
    gone = {*sure, *doubtful[: max(one.surplus - len(sure), 0)]}
    left = tuple(line for line in one.lines if line not in gone)
    return replace(one, lines=left, surplus=one.surplus - len(one.lines) + len(left))


def _surplus(
    one: BankSuggestion,
    items: Mapping[str, BankItem],
    lines: Mapping[str, BankLine],
    short: int,
    scene: Scene,
) -> list[ReconException]:
    """Of equal amounts that nobody can tell apart, those that are too many on one side; `short` of ours are."""
    ours, theirs = [items[key] for key in one.items], [lines[line] for line in one.lines]
    first = ours[0]
    amount = money_text(abs(first.amount), first.currency)
    deals = sorted({item.deal for item in ours})
    shown = ", ".join(deals)
    if short > 0:
        return [
            _exception(
                "unpaid", replace(first, deal="", stock_no=""), -first.amount * short,
                ours=f"{len(ours)} of {amount}", theirs=f"{len(theirs)} of {amount}", where=f"deals {_few(deals)}",
                what=f"Of {len(ours)} payments of {amount} {first.currency} (deals {shown}) only {len(theirs)} are at "
                "the bank.", subject=" ".join(one.items),
            )
        ]  # fmt: skip
    extra = [line for line in theirs if scene.first <= line.booked <= scene.last]
    more = min(one.surplus, len(extra))
    if more > 0 and all(scene.spans[line.account].owned for line in extra if line.account in scene.spans):
        return [
            _exception(
                "overpaid", replace(first, deal="", stock_no=""), first.amount * more,
                ours=f"{len(ours)} of {amount}", theirs=f"{len(theirs)} of {amount}", where=f"deals {_few(deals)}",
                what=f"The bank has {len(theirs)} payments of {amount} {first.currency} for {len(ours)} that are "
                f"booked (deals {shown}).", subject=" ".join(one.lines),
            )
        ]  # fmt: skip
    return []


def _missing(item: BankItem) -> ReconException:
    shown = f"{money_text(abs(item.amount), item.currency)} {item.currency}"
    if item.kind == "payout":
        what = f"The payout of {shown} ({item.deal}) left the provider on {item.date.isoformat()}, and no bank has it."
    else:
        what = (
            f"The {_WORDS[item.kind]} of {shown} of deal {item.deal} is booked on {item.date.isoformat()}, "
            "and it is not at the bank."
        )
    return _exception(
        "unpaid", item, -item.amount, what=what, ours=money_text(item.amount, item.currency), theirs="nothing",
        subject=item.key,
    )  # fmt: skip


def _booked(result: BankResult) -> set[tuple[str, tuple[Decimal, str]]]:
    """Deals, and the amounts of the lines that name them and are booked."""
    lines = {line for one in result.matches for line in one.lines}
    return {(deal, result.amounts[line]) for line in lines for deal in result.named.get(line, ())}


def _unbooked(
    line: BankLine,
    named: Mapping[str, Collection[str]],
    booked: Collection[tuple[str, tuple[Decimal, str]]],
    scene: Scene,
) -> tuple[ReconException | None, BankSuggestion | None]:
    """A line of the month that nothing of ours was found for."""
    identity = line.identity
    if identity in scene.explained or line.kind in ("fee", "payout") or not line.amount:
        return None, None
    deals = sorted(named.get(identity, ()))
    classes = {one for deal in deals for name in (deal, scene.deals.get(deal, "")) for one in scene.named.get(name, ())}
    if classes:
        reason = f"names {', '.join(scene.deals.get(deal, deal) for deal in deals)}: {', '.join(sorted(classes))}"
        return None, BankSuggestion((), (identity,), reason)
    owned = line.account in scene.spans and scene.spans[line.account].owned
    if not deals and not owned:
        return None, None
    shown = f"{money_text(abs(line.amount), line.currency)} {line.currency}"
    number = scene.deals.get(deals[0], deals[0]) if len(deals) == 1 else ""
    twice = any((deal, (line.amount, line.currency)) in booked for deal in deals)
    code = "overpaid" if twice else "unexplained_bank_line"
    side = "came in" if line.amount > 0 else "went out"
    about = f", and names deal {number}" if number else ""
    what = f"{shown} {side} on {line.booked.isoformat()} on {line.account}{about}: “{_quoted(line)}”."
    tail = " It is booked once already." if twice else " Nothing of it is booked."
    return (
        ReconException(
            code=code, severity=SEVERITIES[code], what=what + tail, where=f"account {line.account}",
            ours="nothing", theirs=money_text(line.amount, line.currency), difference=line.amount,
            currency=line.currency, cause=WORDS[code].cause, cure=WORDS[code].cure, subject=identity, deal=number,
        ),
        None,
    )  # fmt: skip


def _quoted(line: BankLine) -> str:
    words = " ".join(part for part in (line.counterparty, line.text, *line.references) if part)
    return words if len(words) <= 80 else f"{words[:77]}..."


def _uncovered(span: Span, days: tuple[date, date]) -> ReconException:
    first, last = days
    shown = first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"
    return ReconException(
        code="statement_missing", severity=SEVERITIES["statement_missing"],
        what=f"No statement of the account {span.account} covers {shown}.", where=f"account {span.account}",
        ours=shown, theirs="nothing", difference=ZERO, currency=span.currency, cause=WORDS["statement_missing"].cause,
        cure=WORDS["statement_missing"].cure, subject=f"{span.account} {first.isoformat()}",
    )  # fmt: skip


def _unseen(items: Iterable[BankItem], scene: Scene) -> list[ReconException]:
    """Money of the month in a currency that no account of the book is in: no statement will ever show it."""
    known = {span.currency for span in scene.spans.values()}
    by_currency: dict[str, list[BankItem]] = {}
    for item in items:
        if item.currency not in known and scene.first <= item.date <= scene.last:
            by_currency.setdefault(item.currency, []).append(item)
    found = []
    for currency, own in sorted(by_currency.items()):
        words = ", ".join(f"{count} {_WORDS[kind]}" for kind, count in sorted(Counter(one.kind for one in own).items()))
        deals = ", ".join(sorted({one.deal for one in own})[:_MOST_NAMED])
        total = money_text(sum((one.amount for one in own), ZERO), currency)
        found.append(
            ReconException(
                code="statement_missing", severity=SEVERITIES["statement_missing"],
                what=f"No account under bank_accounts: is in {currency}: {words} ({deals}) cannot be looked for.",
                where=f"money in {currency}", ours=f"{total} {currency}", theirs="nothing", difference=ZERO,
                currency=currency, cause=f"The account in {currency} is not set up.",
                cure="Add the account under bank_accounts: in dealbooks.yaml and import its statements.",
                subject=f"currency {currency}",
            )
        )  # fmt: skip
    return found


def _exception(
    code: str,
    item: BankItem,
    difference: Decimal,
    *,
    what: str,
    ours: str,
    theirs: str,
    subject: str,
    where: str = "",
    severity: Severity | None = None,
) -> ReconException:
    return ReconException(
        code=code, severity=severity or SEVERITIES[code], what=what, where=where or f"deal {item.deal}", ours=ours,
        theirs=theirs, difference=difference, currency=item.currency, cause=WORDS[code].cause, cure=WORDS[code].cure,
        subject=subject, deal=item.deal if item.kind != "payout" else "",
        stock_nos=(item.stock_no,) if item.stock_no else (),
    )  # fmt: skip


def _days(span: tuple[date, date]) -> list[str]:
    return [day.isoformat() for day in span]
