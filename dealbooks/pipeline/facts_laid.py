"""Facts laid over their deal, where the posting rules look for them. Pure. (Payments and refunds: `facts_money`.)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from shlex import quote
from typing import Any

from dealbooks.deal import Chargeback, Deal, Finance, Funding, PayoffPaid, SaleLine
from dealbooks.deal.rules.amounts import tolerance
from dealbooks.entries import Entry
from dealbooks.money import exact
from dealbooks.pipeline.facts import METHOD, MONEY, Fact, folded
from dealbooks.posting.chargeback import charged_back

_F_AND_I = ("fi_product", "insurance")


def conflicts(deal: Deal, known: Iterable[Fact], recorded: Iterable[Entry]) -> dict[str, str]:
    """Facts that do not fit the deal, given what is recorded of it: fact id -> what is wrong, in words."""
    wrong: dict[str, str] = {}
    entries = list(recorded)
    charged = charged_back(entries)
    lent = _lender_money(deal, entries)
    payoffs = {folded(trade.stock_no): trade for trade in deal.trade_ins}
    for fact in known:
        amount = exact(fact.body["amount"])
        if fact.kind in MONEY:
            continue
        if fact.kind == "payoff":
            subject = fact.subject or next(iter(payoffs), "")
            trade = payoffs.get(folded(subject))
            if trade is None:
                which = f" with stock number {fact.subject}" if fact.subject else ""
                wrong[fact.row["id"]] = f"deal {deal.deal_id} has no part-exchange{which}"
            elif trade.payoff != amount:
                wrong[fact.row["id"]] = (
                    f"{amount} was paid on {subject}, but the settlement in the deal is {trade.payoff}"
                )
        elif fact.kind == "chargeback":
            if said := _unfit_chargeback(deal, fact.body, charged):
                wrong[fact.row["id"]] = said
        elif deal.finance is None:
            wrong[fact.row["id"]] = f"deal {deal.deal_id} has no finance that a lender could pay"
        elif said := _unfit_funding(deal, deal.finance, fact, amount, lent):
            wrong[fact.row["id"]] = said
    return wrong


_EVENTS = {"contract.funded": "contract", "reserve.received": "reserve"}
_Lent = dict[str, tuple[str, Decimal]]  # folded number of a funding -> (contract or reserve, amount)


def _lender_money(deal: Deal, recorded: Iterable[Entry]) -> _Lent:
    """What the lender has paid, as recorded and as the deal's own record states."""
    lent = {folded(one.funding_id): (str(one.kind), one.amount) for one in deal.fundings}
    for entry in recorded:
        if entry.event in _EVENTS:
            lent[folded(entry.entry_id.removeprefix("funding-"))] = (_EVENTS[entry.event], entry.total_debit)
    return lent


def _unfit_funding(deal: Deal, finance: Finance, fact: Fact, amount: Decimal, lent: _Lent) -> str:
    """What is wrong with a lender's payment, in words; empty when it fits. `lent` counts what came. A lender that keeps
    a fee pays less; one that pays more than the deal says has paid something else, or twice."""
    kind = "contract" if fact.kind == "funding" else "reserve"
    number = folded(_funding_id(fact))
    if number in lent:
        if lent[number] == (kind, amount):
            return ""
        was = f"{lent[number][1]} for the {lent[number][0]}"
        return f"deal {deal.deal_id} has {was} under the number {_funding_id(fact)}: give this one another reference"
    total = sum((one for of, one in lent.values() if of == kind), amount)
    stated = finance.amount_financed if kind == "contract" else finance.reserve
    if total > stated + tolerance(deal):
        what = "finances" if kind == "contract" else "pays as finance commission"
        return (
            f"{total} came from the lender in all, with {amount} under {fact.subject}, but by deal {deal.deal_id} it "
            f"{what} {stated}: correct the deal's record, or say that it is not of this deal: dealbooks event withdraw "
            f"{deal.deal_id} {quote(fact.subject)} --kind {fact.kind}"
        )
    lent[number] = (kind, amount)
    return ""


def _funding_id(fact: Fact) -> str:
    return fact.subject if fact.kind == "funding" else f"reserve-{fact.subject}"


def _unfit_chargeback(deal: Deal, body: Mapping[str, Any], charged: dict[str | None, Decimal]) -> str:
    """What is wrong with a chargeback, in words; empty when it fits its deal. `charged` counts what is taken back from
    each product."""
    ends = [event.at for event in deal.lifecycle if event.event in ("unwound", "cancelled")]
    if ends:
        return f"deal {deal.deal_id} was taken back on {max(ends)}, and the income that is charged back with it"
    if deal.currency != deal.base_currency:
        return f"deal {deal.deal_id} is in {deal.currency}: enter the chargeback in the ledger by hand"
    named = body.get("product") or ""
    fits = _lines_named(deal, named) if named else []
    if named and len(fits) != 1:
        many = "no" if not fits else "more than one"
        return f"deal {deal.deal_id} has {many} finance and insurance product {named}: name it as the deal's line does"
    name: str | None = None
    if named:
        name, earned = fits[0].line_id, fits[0].quantity * fits[0].unit_price
    else:
        earned = deal.finance.reserve if deal.finance is not None else Decimal(0)
    total = charged.get(name, Decimal(0)) + exact(body["amount"])
    if total > earned:
        what = f"product {named}" if named else "the finance reserve"
        return f"{total} are charged back in deal {deal.deal_id}, but {what} brought {earned}"
    charged[name] = total
    return ""


def _lines_named(deal: Deal, named: str) -> list[SaleLine]:
    """The F&I lines that a name can mean: by number, else by description, else by provider."""
    lines = [line for line in deal.lines if line.kind in _F_AND_I]
    for field_ in ("line_id", "description", "provider"):
        fits = [line for line in lines if folded(getattr(line, field_) or "") == folded(named)]
        if fits:
            return fits
    return []


def with_facts(deal: Deal, known: Sequence[Fact]) -> Deal:
    """The deal with its facts put where the posting rules look for them."""
    others = [fact for fact in known if fact.kind not in MONEY]
    if not others:
        return deal
    fundings = list(deal.fundings)
    trades = list(deal.trade_ins)
    charged = list(deal.chargebacks)
    for fact in others:
        day = date.fromisoformat(fact.body["date"])
        method = fact.body.get("method") or METHOD
        if fact.kind == "payoff":
            paid = PayoffPaid(date=day, method=method)
            subject = fact.subject or (trades[0].stock_no if trades else "")
            trades = [
                trade.model_copy(update={"payoff_paid": paid}) if folded(trade.stock_no) == folded(subject) else trade
                for trade in trades
            ]
        elif fact.kind == "chargeback":
            named = fact.body.get("product") or ""
            charged.append(
                Chargeback(
                    chargeback_id=fact.subject,
                    amount=exact(fact.body["amount"]),
                    date=day,
                    reason=fact.body.get("reason") or "cancelled",
                    line_id=_lines_named(deal, named)[0].line_id if named else None,
                )
            )
        else:
            fundings.append(
                Funding(
                    funding_id=_funding_id(fact),
                    kind="contract" if fact.kind == "funding" else "reserve",
                    amount=exact(fact.body["amount"]),
                    date=day,
                    method=method,
                )
            )
    return deal.model_copy(
        update={"fundings": tuple(fundings), "trade_ins": tuple(trades), "chargebacks": tuple(charged)}
    )
