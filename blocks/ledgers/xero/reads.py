"""What is read from Xero: single documents, lists with all their pages, our own documents by number, payment or key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from blocks.ledgers.xero.answers import ID_FIELDS
from blocks.ledgers.xero.bodies import number_of, ref_id
from blocks.ledgers.xero.settings import XeroSettings
from blocks.ledgers.xero.wire import date_filter, day, key_in, listed
from dealbooks.errors import StopConnection
from dealbooks.http import Call, Reply
from dealbooks.ledger import Lookup, Presence, Request

Ask = Callable[[Call], Reply]
_BY_IDS = frozenset({"Invoices", "Contacts"})  # resources whose lists take IDs [contract]
_TOGETHER = 40  # ids or numbers in one filter, which stands in an address
_ABSENT = Lookup(Presence.ABSENT)
_GONE = frozenset({"DELETED", "VOIDED"})
_TEXTS = {"ManualJournals": "Narration", "BankTransactions": "Reference", "Payments": "Reference"}


class Reads:
    """Reads of one organisation. Every one may raise StopConnection."""

    def __init__(self, ask: Ask, settings: XeroSettings) -> None:
        self._ask = ask
        self._settings = settings

    def one(self, resource: str, ref: str) -> dict[str, Any] | None:
        """A document by its id, or by its number where the resource has one; None: it is not there."""
        reply = self._ask(Call.get(f"/{resource}/{quote(ref, safe='')}", what=f"read {resource} {ref}"))
        if reply.status == 404:
            return None
        found = listed(self._good(reply, resource), resource)
        return found[0] if found else None

    def several(self, resource: str, refs: Sequence[str]) -> dict[str, dict[str, Any] | None]:
        """Documents by their ids, in as few lists as there are. One that a list does not show, since it may lag or not
        take the filter, is read by itself; None: it is not there."""
        wanted, name = list(dict.fromkeys(refs)), ID_FIELDS[resource]
        found: dict[str, dict[str, Any]] = {}
        for part in _parts(wanted) if len(wanted) > 1 else ():
            if resource in _BY_IDS:
                params = {"IDs": ",".join(part)}
            else:
                params = {"where": " OR ".join(f'{name}==Guid("{ref}")' for ref in part)}
            found |= {str(doc.get(name)): doc for doc in self._whole(resource, params) or ()}
        return {ref: found.get(ref) or self.one(resource, ref) for ref in wanted}

    def contacts(self, numbers: Sequence[str]) -> dict[str, Lookup] | None:
        """Contacts by our numbers, in as few lists as there are; None where Xero does not take the filter [recalled].
        A list may lag: one that it does not show is not surely absent, but no second one of its number can be made."""
        found: dict[str, list[dict[str, Any]]] = {number: [] for number in numbers}
        for part in _parts(list(found)):
            where = " OR ".join(f'ContactNumber=="{_escaped(number)}"' for number in part)
            shown = self._whole("Contacts", {"where": where, "includeArchived": "true"})
            if shown is None:
                return None
            for doc in shown:
                found.get(str(doc.get("ContactNumber")), []).append(doc)
        return {number: _contact(docs[0] if docs else None, number) for number, docs in found.items()}

    def _whole(self, resource: str, params: Mapping[str, str]) -> list[dict[str, Any]] | None:
        """A page with everything that a filter lets through, lines too; None where the filter is not taken."""
        whole = {**params, "page": "1", "pageSize": str(max(_TOGETHER, self._settings.page_size))}
        reply = self._ask(Call.get(f"/{resource}", whole, what=f"list {resource}"))
        return listed(reply, resource) if reply.status == 200 else None

    def all(self, resource: str, params: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """A list that has no pages."""
        reply = self._ask(Call.get(f"/{resource}", params, what=f"list {resource}"))
        return listed(self._good(reply, resource), resource)

    def organisations(self) -> list[dict[str, Any]]:
        """The organisations that our consent opened (GET /connections, beside the accounting API). Raises
        StopConnection."""
        address = urlsplit(self._settings.base_url)
        call = Call.get(f"{address.scheme}://{address.netloc}/connections", what="list the organisations")
        found = self._good(self._ask(call), "connections").json()
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def organisation(self) -> dict[str, Any]:
        """The organisation, with its lock dates."""
        reply = self._good(self._ask(Call.get("/Organisation", what="read the organisation")), "the organisation")
        found = listed(reply, "Organisations")
        return found[0] if found else {}

    def pages(self, resource: str, where: str) -> Iterator[dict[str, Any]]:
        """The documents that a filter lets through, whole, page by page."""
        for _, found in self._paged(resource, {"where": where, "order": "UpdatedDateUTC ASC"}, {}):
            yield from found

    def modified(self, resource: str, since: str) -> tuple[list[dict[str, Any]], str]:
        """The documents that were made or changed since a moment (UTC, as `2026-11-20T00:00:00`), voided and deleted
        ones too, and what time it was for Xero when it began to answer. By id from page to page: what is changed
        meanwhile moves nothing, and is told by the next look."""
        head = {"if-modified-since": since}
        began = ""
        found: dict[str, dict[str, Any]] = {}
        for answered, docs in self._paged(resource, {"order": f"{ID_FIELDS[resource]} ASC"}, head):
            began = began or answered
            found |= {str(doc[ID_FIELDS[resource]]): doc for doc in docs}
        return list(found.values()), began

    def time(self) -> str:
        """What time it is for Xero, as it writes it."""
        reply = self._good(self._ask(Call.get("/Organisation", what="ask for the time")), "the organisation")
        return _answered(reply)

    def _paged(
        self, resource: str, params: Mapping[str, str], head: Mapping[str, str]
    ) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Pages of a list, each with the time of its answer."""
        size, page = self._settings.page_size, 1
        while True:
            given = {**params, "page": str(page), "pageSize": str(size)}
            call = Call.get(f"/{resource}", given, what=f"list {resource}")
            call = replace(call, headers={**call.headers, **head})
            reply = self._good(self._ask(call), resource)
            found = listed(reply, resource)
            yield _answered(reply), found
            body = reply.json()
            pages = (body.get("pagination") or {}).get("pageCount") if isinstance(body, Mapping) else None
            if (page >= pages) if isinstance(pages, int) else len(found) < size:
                return
            page += 1

    # -- our own documents ---------------------------------------------------------------------------------

    def find(self, request: Request) -> Lookup:
        """Whether a request's document is in Xero."""
        op = request.payload["op"]
        if op == "customer":
            return self.contact(str(request.payload["body"]["ContactNumber"]))
        if op in ("invoice", "credit-note"):
            return self.numbered(request)
        if op == "payment":
            return self._payment(request)
        return self._by_key(request)

    def contact(self, number: str) -> Lookup:
        """A contact by our number. One that was archived is not ours to bring back."""
        return _contact(self.one("Contacts", number), number)

    def numbered(self, request: Request) -> Lookup:
        """An invoice or credit note by its number: ours when our key stands in its reference."""
        resource, number = request.payload["resource"], number_of(request)
        found = self.one(resource, number)
        if found is None:
            return _ABSENT
        if key_in(found.get("Reference")) != request.key:
            reason = f"Number {number} is in use in Xero for something else. Look at it there."
            return Lookup(Presence.UNDECIDED, reason=reason)
        return Lookup(Presence.FOUND, f"{resource}/{found[f'{resource[:-1]}ID']}")

    def _payment(self, request: Request) -> Lookup:
        """A payment, among those that its document shows: no search that lags."""
        paid = request.refs[request.payload["pays"]]
        document = self.one(paid.split("/")[0], ref_id(paid))
        wanted = request.payload["body"]["Date"]
        for link in (document or {}).get("Payments") or ():
            when = day(link.get("Date"))
            if when is not None and when.isoformat() != wanted:
                continue
            payment = self.one("Payments", str(link["PaymentID"]))
            if payment is not None and key_in(payment.get("Reference")) == request.key:
                return Lookup(Presence.FOUND, f"Payments/{payment['PaymentID']}")
        return _ABSENT

    def _by_key(self, request: Request) -> Lookup:
        """By our key at the beginning of its narration or reference, on its day: there is no unique field."""
        resource = request.payload["resource"]
        name = _TEXTS[resource]
        when = day(request.payload["body"]["Date"])
        where = f'{name}.StartsWith("{request.key}")'
        if when is not None:
            where = f"{date_filter(when, when)} AND {where}"
        ours = [doc for doc in self.pages(resource, where) if key_in(doc.get(name)) == request.key]
        # One that somebody voided was made: it is found, and disputed when it is read, never made again.
        found = [doc for doc in ours if doc.get("Status") not in _GONE] or ours[:1]
        if len(found) > 1:
            return Lookup(Presence.UNDECIDED, reason=f"Xero has it {len(found)} times: delete all but one there.")
        return Lookup(Presence.FOUND, f"{resource}/{found[0][f'{resource[:-1]}ID']}") if found else _ABSENT

    @staticmethod
    def _good(reply: Reply, resource: str) -> Reply:
        if reply.status == 200:
            return reply
        body = reply.json()
        told = (body.get("Detail") or body.get("Message") or "") if isinstance(body, Mapping) else ""
        raise StopConnection(
            f"Xero does not show {resource} (HTTP {reply.status}). {told}".strip(),
            fix="Look at the scopes of the connection and reconnect it, or try again later.",
        )


def _answered(reply: Reply) -> str:
    body = reply.json()
    return str(body.get("DateTimeUTC") or "") if isinstance(body, Mapping) else ""


def _contact(found: Mapping[str, Any] | None, number: str) -> Lookup:
    if found is None or str(found.get("ContactNumber")) != number:
        return _ABSENT
    if found.get("ContactStatus") != "ACTIVE":
        reason = f"The contact {found.get('Name')} ({number}) is archived in Xero: restore it there."
        return Lookup(Presence.UNDECIDED, reason=reason)
    return Lookup(Presence.FOUND, f"Contacts/{found['ContactID']}")


def _parts(refs: Sequence[str]) -> Iterator[Sequence[str]]:
    return (refs[start : start + _TOGETHER] for start in range(0, len(refs), _TOGETHER))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
