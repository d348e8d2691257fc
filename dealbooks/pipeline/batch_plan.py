"""A plan of a sync as a value: it can be kept in a file, read again, and held against another one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.errors import UsageError

FORMAT = "dealbooks-plan/1"


@dataclass(frozen=True, slots=True)
class PlannedPosting:
    """One entry that a sync would send. `total` is its debit side; `amends`: it takes back or replaces a sale that
    stands in the ledger; `new`: it was not in the outbox before."""

    book: str
    deal: str
    deal_id: str
    entry: str
    event: str
    date: str
    currency: str
    total: str
    key: str
    body_hash: str
    amends: bool
    new: bool

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "deal": self.deal, "deal_id": self.deal_id, "entry": self.entry, "event": self.event,
            "date": self.date, "currency": self.currency, "total": self.total, "key": self.key,
            "body_hash": self.body_hash, "amends": self.amends, "new": self.new,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What a plan would move on one account of a book, in one currency."""

    book: str
    account: str
    role: str
    currency: str
    debit: str
    credit: str

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "account": self.account, "role": self.role, "currency": self.currency,
            "debit": self.debit, "credit": self.credit,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotPosted:
    """A deal, a file or a connection that a sync would not post, and why. `kind` is quarantined, waiting, held, file,
    failure or before_go_live."""

    kind: str
    name: str
    place: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"kind": self.kind, "name": self.name, "place": self.place, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a sync would do now. `sources` and `since` are its scope; `over_limit` the books whose amendments are more
    than a sync takes without this plan, with how many."""

    made_at: str
    sources: tuple[str, ...]
    since: str
    postings: tuple[PlannedPosting, ...]
    accounts: tuple[AccountSum, ...]
    not_posted: tuple[NotPosted, ...]
    over_limit: Mapping[str, int]

    @property
    def digest(self) -> str:
        """Names what would be posted: the same digest, the same postings."""
        return sha256_hex(canonical_json(sorted([one.key, one.body_hash] for one in self.postings)))

    @property
    def amended(self) -> frozenset[str]:
        """Internal ids of the deals whose posted sale this plan changes or takes back."""
        return frozenset(one.deal_id for one in self.postings if one.amends)

    @property
    def complete(self) -> bool:
        """Whether every deal that was seen would be posted."""
        return not any(one.kind in ("quarantined", "held", "file", "failure") for one in self.not_posted)

    def as_json(self) -> dict[str, Any]:
        """Plain types; the form of a plan that is kept."""
        return {
            "format": FORMAT, "made_at": self.made_at, "scope": {"sources": list(self.sources), "since": self.since},
            "digest": self.digest, "postings": [one.as_json() for one in self.postings],
            "accounts": [one.as_json() for one in self.accounts],
            "not_posted": [one.as_json() for one in self.not_posted],
            "amendments_over_limit": dict(self.over_limit),
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Any, where: str) -> BatchPlan:
        """Read what `as_json` wrote; `where` names it in errors.

        Raises:
            UsageError: it is no plan, or not as it was written.
        """
        try:
            if data["format"] != FORMAT:
                raise UsageError(f"{where} was made by another version of Dealbooks.", fix="Make the plan again.")
            plan = cls(
                data["made_at"], tuple(data["scope"]["sources"]), data["scope"]["since"],
                tuple(PlannedPosting(**one) for one in data["postings"]),
                tuple(AccountSum(**one) for one in data["accounts"]),
                tuple(NotPosted(**one) for one in data["not_posted"]), data["amendments_over_limit"],
            )  # fmt: skip
            kept = data["digest"]
        except (KeyError, TypeError) as error:
            raise UsageError(f"{where} is not a plan.", fix="Make one with 'dealbooks plan --out FILE'.") from error
        if plan.digest != kept:
            raise UsageError(f"{where} was changed after it was made.", fix="Make the plan again.")
        return plan


def moved(kept: BatchPlan, now: BatchPlan, posted: Collection[str] = ()) -> list[str]:
    """What is not any more as a kept plan says, in words; empty when the same would be posted. `posted` are keys of
    entries that stand in the ledger."""
    old = {one.key: one for one in kept.postings}
    new = {one.key: one for one in now.postings}
    said = [_words(new[key], "is new since the plan was made") for key in new if key not in old]
    said += [
        _words(old[key], "is posted already" if key in posted else "would not be posted any more")
        for key in old
        if key not in new
    ]
    for key, one in old.items():
        other = new.get(key)
        if other is not None and other.body_hash != one.body_hash:
            change = f"is now {other.currency} {other.total}" if other.total != one.total else "has other lines now"
            said.append(_words(one, change))
    return sorted(said)


def _words(one: PlannedPosting, change: str) -> str:
    return f"{one.entry} of {one.deal} ({one.book}, {one.currency} {one.total}) {change}"
