"""Customers, found or made once: our id of the party stands in the customer's notes, and decides.

Customers, vendors and employees share their names (error 6240), and two people may have one name. So a customer is
looked for under the party's name and under the name with our id behind it; the second is used where somebody else has
the first. The requestid is made from party and name: two deals of one customer can make one customer only.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blocks.ledgers.quickbooks import wire
from blocks.ledgers.quickbooks.answers import DUPLICATE_NAME, document_in, fault_in, outcome_of
from blocks.ledgers.quickbooks.reads import Reads, customers_of, name_search
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
        self._alone = threading.Lock()

    def find(self, request: Request) -> Lookup:
        """Look a customer up. Raises StopConnection when QuickBooks does not answer."""
        names, party = _wanted(request)
        mine = customers_of(self._reads.rows(wire.CUSTOMER, name_search(names, wire.CUSTOMER)), party)
        if len(mine) > 1:
            found = " and ".join(str(row.get("DisplayName")) for row in mine)
            return Lookup(Presence.UNDECIDED, reason=f"Several customers carry the id {party}: {found}. Merge them.")
        if mine:
            return Lookup(Presence.FOUND, wire.ref_of(wire.CUSTOMER, mine[0]["Id"]))
        return Lookup(Presence.ABSENT)

    def found_or_made(self, request: Request) -> Outcome:
        """The customer of a party: the one that is there, or a new one."""
        names, party = _wanted(request)
        with self._alone:
            if party in self._known:
                return Outcome(Verdict.HAPPENED, ref=self._known[party])
            try:
                there = self.find(request)
            except StopConnection as error:
                return Outcome(Verdict.DID_NOT_HAPPEN, reason=error.message)
            if there.presence is Presence.UNDECIDED:
                return Outcome(Verdict.REFUSED, reason=there.reason)
            outcome = (
                Outcome(Verdict.HAPPENED, ref=there.ref)
                if there.presence is Presence.FOUND
                else self._made(request, names, party)
            )
            if outcome.verdict is Verdict.HAPPENED:
                self._known[party] = outcome.ref
            return outcome

    def forget(self) -> None:
        """Look every customer up anew."""
        with self._alone:
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
            taken = any(self._reads.rows(kind, name_search([name], kind)) for kind in (wire.CUSTOMER, *_PEOPLE))
        except StopConnection as error:
            return Outcome(Verdict.DID_NOT_HAPPEN, reason=error.message)
        if taken:
            return None
        reason = f"{request.payload['what']}: the name is used already, but QuickBooks does not show by whom."
        return Outcome(Verdict.DID_NOT_HAPPEN, reason=reason, retry_after=60.0)

    def _key(self, party: str, name: str) -> str:
        return hashlib.sha256(f"{self._realm}\n{party}\n{name}".encode()).hexdigest()[: self._length]


def _wanted(request: Request) -> tuple[Sequence[str], str]:
    payload: Mapping[str, Any] = request.payload
    return payload["names"], str(payload["party"])
