"""Customers, found or made once: our id of the party stands in the customer's notes, and decides.

Customers, vendors and employees share their names (error 6240), and two people may have one name. So a customer is
looked for under the party's name and under the name with our id behind it; the second is used where somebody else has
the first. The requestid is made from party and name: two deals of one customer can make one customer only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blocks.ledgers.quickbooks import wire
from blocks.ledgers.quickbooks.answers import DUPLICATE_NAME, document_in, fault_in, outcome_of
from blocks.ledgers.quickbooks.reads import Reads, customers_of, name_searches
from dealbooks.errors import StopConnection
from dealbooks.http import Reply
from dealbooks.ledger import Lookup, Outcome, Presence, Request, Verdict

_PEOPLE = ("Vendor", "Employee")
# Makes one create call: entity, body, requestid, effect, what for a person.
Create = Callable[[str, bytes, str, str, str], Reply | Outcome]


class Customers:
    """The customers of one company."""

    def __init__(self, reads: Reads, create: Create, realm: str, key_length: int) -> None:
        self._reads = reads
        self._create = create
        self._realm = realm
        self._length = key_length
        self._known: dict[str, str] = {}
        self._looked_up: dict[str, Lookup] = {}

    def look_up(self, requests: Sequence[Request]) -> None:
        """Before a batch is sent: see in as few queries as there are who of its customers is there already. A customer
        whom somebody else makes after that is found when the name clashes.

        Raises:
            StopConnection: QuickBooks does not answer.
        """
        unknown = [one for one in requests if party_of(one) not in self._known]
        self._looked_up = {}
        if len(unknown) > 1:
            rows = self._named([name for one in unknown for name in names_of(one)])
            self._looked_up = {party_of(one): _lookup(rows, party_of(one)) for one in unknown}

    def find(self, request: Request) -> Lookup:
        """Look a customer up. Raises StopConnection when QuickBooks does not answer."""
        return _lookup(self._named(names_of(request)), party_of(request))

    def _named(self, names: Sequence[str], kind: str = wire.CUSTOMER) -> list[Mapping[str, Any]]:
        found = self._reads.lists([(kind, where) for where in name_searches(names, kind)])
        return [row for _, rows in found for row in rows]

    def found_or_made(self, request: Request) -> Outcome:
        """The customer of a party: the one that is there, or a new one. Not for one party by two threads.

        Raises:
            StopConnection: QuickBooks cannot be asked; nobody was made.
        """
        party = party_of(request)
        if party in self._known:
            return Outcome(Verdict.HAPPENED, ref=self._known[party])
        there = self._looked_up.pop(party, None) or self.find(request)
        if there.presence is Presence.UNDECIDED:
            return Outcome(Verdict.REFUSED, reason=there.reason)
        outcome = (
            Outcome(Verdict.HAPPENED, ref=there.ref)
            if there.presence is Presence.FOUND
            else self._made(request, names_of(request), party)
        )
        if outcome.verdict is Verdict.HAPPENED:
            self._known[party] = outcome.ref
        return outcome

    def forget(self) -> None:
        """Look every customer up anew."""
        self._known.clear()

    def _made(self, request: Request, names: Sequence[str], party: str) -> Outcome:
        outcome = Outcome(Verdict.REFUSED, reason=f"{request.payload['what']}: it has no name.")
        for name in dict.fromkeys(names):
            body = wire.json_of({**request.payload["body"], "DisplayName": name})
            end = self._create(wire.CUSTOMER, body, self._key(party, name), request.key, str(request.payload["what"]))
            if isinstance(end, Outcome):
                return end
            fault = fault_in(end)
            if fault is None or fault.code != DUPLICATE_NAME:
                return self._ended(end, request, party)
            outcome = Outcome(Verdict.REFUSED, reason=f"{request.payload['what']}: {fault.text}")
            again = self._after_clash(request, name)
            if again is not None:
                return again
        return outcome

    def _ended(self, reply: Reply, request: Request, party: str) -> Outcome:
        """A repeated requestid gets the first customer again; it must be this party's."""
        made = document_in(reply, wire.CUSTOMER)
        if made is not None and not customers_of([made], party):
            reason = f"{request.payload['what']}: QuickBooks gave back another customer, {made.get('DisplayName')}."
            return Outcome(Verdict.REFUSED, reason=reason)
        return outcome_of(reply, wire.CUSTOMER, str(request.payload["what"]))

    def _after_clash(self, request: Request, name: str) -> Outcome | None:
        """Somebody has the name: our own customer, whom the search did not show before, or somebody else (None).
        Nobody to be seen: the search lags, it is tried again later."""
        try:
            there = self.find(request)
            if there.presence is Presence.FOUND:
                return Outcome(Verdict.HAPPENED, ref=there.ref)
            taken = any(self._named([name], kind) for kind in (wire.CUSTOMER, *_PEOPLE))
        except StopConnection as error:
            return Outcome(Verdict.DID_NOT_HAPPEN, reason=error.message)
        if taken:
            return None
        reason = f"{request.payload['what']}: the name is used already, but QuickBooks does not show by whom."
        return Outcome(Verdict.DID_NOT_HAPPEN, reason=reason, retry_after=60.0)

    def _key(self, party: str, name: str) -> str:
        return hashlib.sha256(f"{self._realm}\n{party}\n{name}".encode()).hexdigest()[: self._length]


def names_of(request: Request) -> Sequence[str]:
    """The names that a customer may have."""
    names: Sequence[str] = request.payload["names"]
    return names


def party_of(request: Request) -> str:
    """Our id of the customer."""
    return str(request.payload["party"])


def _lookup(rows: Sequence[Mapping[str, Any]], party: str) -> Lookup:
    """Who of some customers is a party."""
    mine = {str(row["Id"]): row for row in customers_of(rows, party)}
    if len(mine) > 1:
        found = " and ".join(str(row.get("DisplayName")) for row in mine.values())
        return Lookup(Presence.UNDECIDED, reason=f"Several customers carry the id {party}: {found}. Merge them.")
    return Lookup(Presence.FOUND, wire.ref_of(wire.CUSTOMER, next(iter(mine)))) if mine else Lookup(Presence.ABSENT)
