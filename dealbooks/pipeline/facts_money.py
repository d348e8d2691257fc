"""Payments and refunds that reached us beside the record of their deal, held against what the record says. Pure.

The same money is one receipt, whoever tells of it. It is known by its reference: the record's receipt number, its
processor's reference, or the payment reference of the deal. Where the references differ, and it looks like money of the
record (the same amount within a few days, or more than is still due), or like money that was told by another way,
nobody can know: it is held for a person, who says which of the record's receipts it is, that it is another (`dealbooks
event settle`), or takes it back (`dealbooks event withdraw`). It is never booked twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from shlex import quote
from typing import Any

from dealbooks.deal import Deal, Deposit, Payment, Refund
from dealbooks.deal.rules.amounts import tolerance
from dealbooks.entries import Entry
from dealbooks.money import exact
from dealbooks.pipeline.facts import METHOD, Fact, folded
from dealbooks.pipeline.history import SUMMED
from dealbooks.posting.receipts import recorded_amount

ANOTHER = "another"  # in a fact's body: a person said that it is none of the record's receipts
SAME_AS = "same_as"  # the record's receipt that it is, as a person said
MATCH = "match"  # `receipts`: others book it; we post none
WITHDRAWN = "withdrawn"  # in a fact's body: a person took it back
BEFORE = "before"  # in a fact's body: the receipt that it was, as a person said before
BY = "by"  # in a fact's body: who told it (a source, a person, an entry of payments:)
WINDOW = timedelta(days=7)  # as much money within these days may be the same money, by whatever method it is said to be
NOTHING: Mapping[str, Entry] = {}
NONE_PASSED: Mapping[str, Decimal] = {}
_Receipt = Deposit | Payment


@dataclass(slots=True)
class Counted:
    """A deal with the money that counts. `wrong`: id of each fact that does not fit -> why, in words. `stated`: ids of
    facts that are receipts of the record. `doubled`: why the record cannot be posted beside what is settled; empty:
    it can. `elsewhere`: what was paid that others book."""

    deal: Deal
    wrong: dict[str, str] = field(default_factory=dict)
    stated: dict[str, str] = field(default_factory=dict)
    doubled: str = ""
    elsewhere: Decimal = Decimal(0)


def count_money(
    deal: Deal,
    settled: Sequence[Fact],
    new: Sequence[Fact],
    recorded: Mapping[str, Entry] = NOTHING,
    *,
    matched: bool = False,
    passed: Mapping[str, Decimal] = NONE_PASSED,
) -> Counted:
    """Count payments and refunds into a deal: posted ones are laid where the posting rules look for them, and the
    balance due is what is left after all of them.

    Args:
        settled: facts that are applied already; what the record says later must fit them.
        new: facts that are not applied yet; one that does not fit is left out.
        recorded: the entries of the deal that are planned or posted.
        matched: whether the book posts no payments at all, since its bank feed does.
        passed: payments of the record that were not posted when the sale was (receipt id -> amount): others booked
            them, and that stays so, whatever the setting is now.
    """
    counter = _Counter(deal, recorded)
    told = [fact for fact in (*settled, *new) if fact.kind == "payment"]
    for fact in told:
        if is_withdrawn(fact):
            counter.withdraw(fact)
    money = [fact for fact in told if not is_withdrawn(fact)]
    open_ = {fact.row["id"] for fact in new}
    left = [fact for fact in money if not counter.claimed(fact, new=fact.row["id"] in open_)]
    for fact in left:
        counter.add(fact, new=fact.row["id"] in open_)
    for fact in (*settled, *new):
        if fact.kind == "refund":
            counter.refund(fact, new=fact.row["id"] in open_)
    return counter.counted(passed, matched=matched)


def is_withdrawn(fact: Fact) -> bool:
    """Whether a person took it back."""
    return fact.body.get(WITHDRAWN) == "yes"


class _Counter:
    def __init__(self, deal: Deal, recorded: Mapping[str, Entry]) -> None:
        self._deal = deal
        self._recorded = recorded
        self._due = deal.balance_due
        self._receipts: list[_Receipt] = [*deal.deposits, *deal.payments]
        self._free = list(self._receipts)
        self._dropped: set[str] = set()
        self._named: set[str] = set()  # receipts of the record that facts are, or were said to be
        self._claims: dict[str, str] = {}
        self._beside: list[Fact] = []  # payments that are none of the record's
        self._added: list[Payment] = []
        self._refunds = list(deal.refunds)
        self._received = sum((one.amount for one in self._receipts), Decimal(0))
        self._given_back = sum((one.amount for one in deal.refunds), Decimal(0))
        self._found = Counted(deal)

    def counted(self, passed: Mapping[str, Decimal], *, matched: bool) -> Counted:
        """What came of it."""
        deposits = [one for one in self._deal.deposits if one.receipt_id not in self._dropped]
        kept = []
        for one in self._deal.payments:
            if one.receipt_id in self._dropped:
                continue
            if not self._is_recorded(one.receipt_id) and (matched or self._passed_over(one, passed)):
                self._found.elsewhere += one.amount
            else:
                kept.append(one)
        changed = len(kept) != len(self._deal.payments) or len(deposits) != len(self._deal.deposits)
        if self._added or self._due != self._deal.balance_due or changed:
            values = {"payments": (*kept, *self._added), "deposits": tuple(deposits), "balance_due": self._due}
            self._found.deal = self._deal.model_copy(update=values)
        if self._refunds != list(self._deal.refunds):
            self._found.deal = self._found.deal.model_copy(update={"refunds": tuple(self._refunds)})
        return self._found

    def withdraw(self, fact: Fact) -> None:
        """A payment that a person took back: what is booked of it is booked back, and the record's receipt counts."""
        receipt = self._receipt_of(fact)
        if receipt is not None:
            self._named.add(receipt.receipt_id)
        if receipt is None or receipt.receipt_id != fact.subject:
            self._take_back(fact)

    def claimed(self, fact: Fact, *, new: bool) -> bool:
        """Whether a payment is dealt with here: it is a receipt of the record, or cannot be one of this deal."""
        if self._deal.currency != self._deal.base_currency:
            self._amiss(
                fact, f"deal {self._deal.deal_id} is in {self._deal.currency}: state the payment in its record, with "
                "the exchange rate of the day", new=new,
            )  # fmt: skip
            return True
        receipt = self._receipt_of(fact)
        if receipt is None:
            return False
        amount, number = exact(fact.body["amount"]), receipt.receipt_id
        self._named.add(number)
        said = folded(str(fact.body.get(SAME_AS) or "")) == folded(number)
        if receipt.amount != amount and (new or not said or self._is_booked(fact.subject)):
            self._amiss(
                fact, f"payment {fact.subject} is {amount}, but the deal's record says {receipt.amount} under "
                f"{number if said else 'that reference'}: correct the record, or take the payment back: "
                f"{_withdrawal(self._deal, fact)}", new=new,
            )  # fmt: skip
            return True
        if number in self._claims:
            self._amiss(
                fact, f"payment {fact.subject} cannot be receipt {number} of the record: {self._claims[number]} is. "
                f"Say what it is: {_settlement(self._deal, fact)}", new=new,
            )  # fmt: skip
            return True
        self._claims[number] = fact.subject
        self._free = [one for one in self._free if one is not receipt]
        self._found.stated[fact.row["id"]] = receipt.receipt_id
        self._one_of_two(fact, receipt, new=new)
        return True

    def add(self, fact: Fact, *, new: bool) -> None:
        """A payment that no reference of the record names."""
        amount, day = exact(fact.body["amount"]), date.fromisoformat(fact.body["date"])
        method = fact.body.get("method") or METHOD
        if fact.body.get(ANOTHER) != "yes" and (words := self._looks_stated(fact, amount, method, day, new=new)):
            self._amiss(fact, f"{words}. Say what it is: {_settlement(self._deal, fact)}", new=new)
            return
        self._beside.append(fact)
        self._named.add(str(fact.body.get(BEFORE) or ""))
        self._due -= amount
        self._received += amount
        said = str(fact.body.get(SAME_AS) or "")
        booked = self._is_booked(said) and said not in SUMMED  # under a number that the record has dropped
        if fact.body.get("receipts") == MATCH:
            self._found.elsewhere += amount
        elif not booked:
            self._added.append(Payment(receipt_id=fact.subject, amount=amount, method=method, date=day))

    def refund(self, fact: Fact, *, new: bool) -> None:
        """Money given back. A refund that the record states too, under the same number, is one."""
        amount, day = exact(fact.body["amount"]), date.fromisoformat(fact.body["date"])
        method = fact.body.get("method") or METHOD
        own = next((one for one in self._deal.refunds if folded(one.refund_id) == folded(fact.subject)), None)
        if own is not None:
            if own.amount != amount:
                self._amiss(
                    fact, f"refund {fact.subject} is {amount}, but the deal's record says {own.amount}", new=new
                )
            elif own.refund_id != fact.subject and f"refund-{fact.subject}" in self._recorded:
                at = self._refunds.index(own)
                self._refunds[at] = own.model_copy(update={"refund_id": fact.subject})
            return
        if new and any((one.amount, one.date) == (amount, day) for one in self._deal.refunds):
            twin = next(one for one in self._deal.refunds if (one.amount, one.date) == (amount, day))
            self._amiss(
                fact, f"the deal's record has a refund {twin.refund_id} of {amount} on the same day: give this one "
                "the same number, or correct the record", new=new,
            )  # fmt: skip
            return
        if new and self._given_back + amount > self._received and amount > -self._due:
            self._amiss(
                fact, f"{amount} were given back under {fact.subject}, but the customer has paid {self._received} and "
                f"got {self._given_back} back", new=new,
            )  # fmt: skip
            return
        self._given_back += amount
        self._due += amount
        self._refunds.append(Refund(refund_id=fact.subject, amount=amount, method=method, date=day))

    # -- the record's own receipts -----------------------------------------------------------------------------------

    def _receipt_of(self, fact: Fact) -> _Receipt | None:
        """The receipt of the record that a payment is, by a person's word or by its reference."""
        said = fact.body.get(SAME_AS)
        wanted = {folded(fact.subject), folded(str(said or fact.subject))}
        for receipt in self._receipts:
            names = {folded(receipt.receipt_id)}
            if isinstance(receipt, Payment) and receipt.processor_ref:
                names.add(folded(receipt.processor_ref))
            if names & wanted:
                return receipt
        if (
            not said
            and fact.body.get(ANOTHER) != "yes"
            and folded(self._deal.references.get("payment_reference", "")) in wanted
        ):
            same = [one for one in self._free if one.amount == exact(fact.body["amount"])]
            if len(same) == 1:
                return same[0]
        return None

    def _one_of_two(self, fact: Fact, receipt: _Receipt, *, new: bool) -> None:
        """The payment and the receipt are one: it is posted under one of the two names, or by others."""
        number = receipt.receipt_id
        if fact.body.get("receipts") == MATCH:
            if not self._is_booked(number):
                self._dropped.add(number)
                self._found.elsewhere += receipt.amount
            elif new:
                self._amiss(
                    fact, f"payment {fact.subject} is booked by us already, as receipt {number}, and receipts: match "
                    "says that others book it too: take theirs out of the ledger, then say that it is not to be "
                    f"counted: {_withdrawal(self._deal, fact)}", new=new,
                )  # fmt: skip
        elif not self._is_booked(fact.subject):
            return
        elif number != fact.subject:
            if self._is_booked(number):
                self._take_back(fact)
            else:
                self._dropped.add(number)
        elif isinstance(receipt, Deposit) and self._recorded[f"receipt-{number}"].event == "payment.received":
            self._dropped.add(number)  # the record calls it a deposit; it stands on the customer's account

    def _take_back(self, fact: Fact) -> None:
        if self._is_booked(fact.subject):
            day, method = date.fromisoformat(fact.body["date"]), fact.body.get("method") or METHOD
            gone: dict[str, Any] = {"receipt_id": fact.subject, "amount": Decimal(0), "method": method, "date": day}
            self._added.append(Payment.model_construct(**gone))

    def _passed_over(self, payment: Payment, passed: Mapping[str, Decimal]) -> bool:
        """Whether others booked a payment of the record, when the book said so."""
        was = passed.get(payment.receipt_id)
        if was is None or payment.receipt_id in self._named:
            return False
        if was != payment.amount:
            self._found.doubled = self._found.doubled or (
                f"receipt {payment.receipt_id} was {was} when others booked the payments of this deal (receipts: "
                f"match), and is {payment.amount} now: nobody can know who books the difference. Correct the record, "
                "or set receipts: match again"
            )
        return True

    def _looks_stated(self, fact: Fact, amount: Decimal, method: str, day: date, *, new: bool) -> str:
        """Why a payment may be money that the record states under another reference, or that was told by another way;
        empty: it is not."""
        free = self._free if new else [one for one in self._free if self._changes(one)]
        said = f"{amount} by {method.replace('_', ' ')} on {day.isoformat()} came as {fact.subject}"
        twin = next((one for one in free if self._is_alike(one, amount, day)), None)
        if twin is not None:
            of = f"{twin.amount} by {twin.method.replace('_', ' ')} on {twin.date.isoformat()}"
            return f"{said}, and the deal's record states receipt {twin.receipt_id}, {of}: the same money, or more"
        other = next((one for one in self._beside if new and _is_told_twice(one, fact)), None)
        if other is not None:
            return f"{said}, and as much came as {other.subject} on {other.body['date']}: the same money, or more"
        over = amount > self._due + tolerance(self._deal)
        if over and (new or free):
            stated = ", ".join(one.receipt_id for one in free)
            which = f" (it states the receipts {stated})" if stated else ""
            return f"{said}, but by the deal's record only {self._due} are due{which}"
        return ""

    def _is_alike(self, receipt: _Receipt, amount: Decimal, day: date) -> bool:
        """Whether a receipt, or that by which it has grown, may be a payment."""
        if abs(receipt.date - day) <= WINDOW and receipt.amount == amount:
            return True
        grown = receipt.amount - (recorded_amount(self._recorded, receipt.receipt_id) or Decimal(0))
        return receipt.receipt_id in SUMMED and grown == amount

    def _is_recorded(self, receipt_id: str) -> bool:
        return recorded_amount(self._recorded, receipt_id) is not None

    def _is_booked(self, receipt_id: str) -> bool:
        """Whether it is recorded, and not taken back."""
        return bool(recorded_amount(self._recorded, receipt_id))

    def _changes(self, receipt: _Receipt) -> bool:
        """Whether the record now says of a receipt what is not recorded."""
        return recorded_amount(self._recorded, receipt.receipt_id) != receipt.amount

    def _amiss(self, fact: Fact, words: str, *, new: bool) -> None:
        if new:
            self._found.wrong[fact.row["id"]] = words
        else:
            self._found.doubled = self._found.doubled or words


def _is_told_twice(one: Fact, other: Fact) -> bool:
    """Whether two payments of different ways (a file, a person, a provider) may be the same money. One way gives money
    its own references."""
    by = {one.body.get(BY), other.body.get(BY)}
    days = [date.fromisoformat(each.body["date"]) for each in (one, other)]
    alike = exact(one.body["amount"]) == exact(other.body["amount"]) and abs(days[0] - days[1]) <= WINDOW
    return alike and len(by) > 1 and None not in by


def _settlement(deal: Deal, fact: Fact) -> str:
    """The commands by which a person says what a payment is."""
    return (
        f"dealbooks event settle {deal.deal_id} {quote(fact.subject)} --same-as RECEIPT, or --another; or, where it is "
        f"part of another sum or told twice, {_withdrawal(deal, fact)}"
    )


def _withdrawal(deal: Deal, fact: Fact) -> str:
    return f"dealbooks event withdraw {deal.deal_id} {quote(fact.subject)}"
