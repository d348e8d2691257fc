"""The accounting API of one organisation: which path does what."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sandbox.kit import Call
from sandbox.xero import banking, contacts, manual, money, reports, setup, trade
from sandbox.xero.books import ID_FIELDS, Books
from sandbox.xero.reads import RESOURCES, Resource, many, one
from sandbox.xero.views import allocation, render
from sandbox.xero.wire import Doc, Invalid, Refusal, day, echo, exception, ms, not_found, read

PREFIX = "/api.xro/2.0/"
_READ_ONLY = ("Prepayments", "Overpayments")
Save = Callable[[Mapping[str, Any]], Doc]


class Accounting:
    """Performs a call that passed the gate."""

    def __init__(self, books: Books, call: Call, *, key: str = "", lag: float = 0.0) -> None:
        self._books, self._call, self._key, self._lag = books, call, key, lag
        self.hidden = False  # a lagging search hid something

    def perform(self) -> Doc:
        """The body of the answer.

        Raises:
            Refusal: the call is refused.
        """
        parts = [part for part in self._call.path[len(PREFIX) :].split("/") if part]
        if not parts:
            raise not_found(self._books.text("not_found"))
        mark = self._books.mark()
        try:
            found = self._read(parts) if self._call.method == "GET" else self._write(parts)
        except Invalid as error:
            self._books.back(mark)
            raise self._refused([echo({}, error.messages, "Id")]) from None
        except Refusal:
            self._books.back(mark)
            raise
        except (ValueError, ArithmeticError, TypeError, AttributeError):  # a text where an object belongs, and the like
            self._books.back(mark)
            raise exception(14, "PostDataInvalidException", self._books.text("bad_json")) from None
        self._books.commit(self._key)
        now = ms(self._books.clock.now())
        head = {"Id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{now}{self._call.path}")), "Status": "OK"}
        return {**head, "ProviderName": "Sandbox", "DateTimeUTC": now, **found}

    # Reads

    def _read(self, parts: list[str]) -> Doc:
        books, head = self._books, parts[0]
        if head == "Organisation":
            if parts[1:] == ["Actions"]:
                return {"Actions": setup.actions(books)}
            return {"Organisations": [setup.organisation(books)]}
        if head == "Currencies":
            return {"Currencies": setup.currencies(books)}
        if head == "Journals":
            return self._journals(parts)
        if parts == ["Reports", "TrialBalance"]:
            return {"Reports": [reports.trial_balance(books, self._day("date"))]}
        if head not in RESOURCES or len(parts) > 3:
            raise not_found(books.text("not_found"))
        resource = RESOURCES[head]
        if len(parts) == 1:
            answer, self.hidden = many(books, resource, self._call, lag=self._lag)
            return answer
        doc = self._one(resource, parts[1])
        if parts[2:] == ["History"]:
            return {"HistoryRecords": [_shown(line) for line in books.notes.get(self._ref(resource, doc), ())]}
        if len(parts) == 3:
            raise not_found(books.text("not_found"))
        return {resource.plural: [render(books, resource.kind, doc)]}

    def _journals(self, parts: list[str]) -> Doc:
        books = self._books
        if not books.settings.premium:
            raise Refusal(403, {"Title": "Forbidden", "Status": 403, "Detail": books.text("premium")})
        if len(parts) == 2:
            place = int(parts[1]) if parts[1].isdigit() else 0
            if not 0 < place <= len(books.journals):
                raise not_found(books.text("not_found"))
            return {"Journals": [reports.journal(books, books.journals[place - 1])]}
        offset = self._call.query.get("offset", "0")
        return {"Journals": reports.journals(books, int(offset) if offset.isdigit() else 0)}

    def _day(self, name: str) -> date:
        try:
            return day(self._call.query[name]) if name in self._call.query else self._books.today()
        except ValueError:
            raise exception(16, "QueryParseException", self._books.text("date", field=name)) from None

    def _one(self, resource: Resource, ref: str) -> Doc:
        doc = one(self._books, resource, ref)
        if doc is None:
            raise not_found(self._books.text("not_found"))
        return doc

    def _ref(self, resource: Resource, doc: Mapping[str, Any]) -> str:
        return str(doc[ID_FIELDS[resource.kind]])

    # Writes

    def _write(self, parts: list[str]) -> Doc:
        books, head, method = self._books, parts[0], self._call.method
        if head not in RESOURCES or method not in ("PUT", "POST", "DELETE"):
            raise not_found(books.text("not_found"))
        resource = RESOURCES[head]
        if method == "DELETE":
            return self._delete(resource, parts)
        if len(parts) == 1:
            if head in _READ_ONLY:
                raise not_found(books.text("not_found"))
            return self._many(resource, self._creator(resource) if method == "PUT" else self._updater(resource))
        ref = self._ref(resource, self._one(resource, parts[1]))
        if len(parts) == 2 and method == "POST" and head not in _READ_ONLY:
            return self._many(resource, self._updater(resource, ref))
        if parts[2:] == ["History"]:
            lines = [self._note(ref, item) for item in self._elements("HistoryRecords")]
            return {"HistoryRecords": lines}
        if parts[2:] == ["Allocations"] and resource.kind in money.CREDITS:
            made = [money.allocate(books, resource.kind, ref, item) for item in self._elements("Allocations")]
            return {"Allocations": [allocation(books, link) for link in made]}
        if parts[2:] == ["Options"] and head == "TrackingCategories":
            return {"Options": setup.save_options(books, ref, self._elements("Options"))}
        raise not_found(books.text("not_found"))

    def _delete(self, resource: Resource, parts: list[str]) -> Doc:
        doc = self._one(resource, parts[1]) if len(parts) > 1 else None
        if doc is not None and len(parts) == 4 and parts[2] == "Allocations" and resource.kind in money.CREDITS:
            gone = money.unallocate(self._books, resource.kind, self._ref(resource, doc), parts[3])
            if gone is not None:
                return {"AllocationId": gone["AllocationID"], "IsDeleted": True}
        raise not_found(self._books.text("not_found"))

    def _note(self, ref: str, item: Mapping[str, Any]) -> Doc:
        details = str(item.get("Details") or "")[:2500]
        return _shown(self._books.note(ref, "Note", details, "System Generated"))

    def _decimals(self) -> int:
        return 4 if self._call.query.get("unitdp") == "4" else 2

    def _creator(self, resource: Resource) -> Save:
        books, decimals = self._books, self._decimals()
        makers: dict[str, Save] = {
            "Invoice": lambda data: trade.create(books, trade.INVOICE, data, decimals),
            "CreditNote": lambda data: trade.create(books, trade.CREDIT, data, decimals),
            "Payment": lambda data: money.pay(books, data),
            "BankTransaction": lambda data: banking.save(books, data, decimals, create=True),
            "ManualJournal": lambda data: manual.save(books, data, create=True),
            "Contact": lambda data: contacts.create(books, data),
            "Account": lambda data: setup.save_account(books, data),
            "TaxRate": lambda data: setup.save_tax_rate(books, {**data, "TaxType": None}),
            "TrackingCategory": lambda data: setup.save_category(books, data),
        }
        return makers[resource.kind]

    def _updater(self, resource: Resource, ref: str = "") -> Save:
        books, decimals = self._books, self._decimals()
        savers: dict[str, Save] = {
            "Invoice": lambda data: trade.upsert(books, trade.INVOICE, data, decimals, ref),
            "CreditNote": lambda data: trade.upsert(books, trade.CREDIT, data, decimals, ref),
            "Payment": lambda data: money.pay(books, {**data, "PaymentID": ref or data.get("PaymentID")}),
            "BankTransaction": lambda data: banking.save(books, data, decimals, ref),
            "ManualJournal": lambda data: manual.save(books, data, ref),
            "Contact": lambda data: contacts.upsert(books, data, ref),
            "Account": lambda data: setup.save_account(books, data, ref or str(data.get("AccountID") or "")),
            "TaxRate": lambda data: setup.save_tax_rate(books, data),
            "TrackingCategory": lambda data: setup.save_category(books, data, ref),
        }
        return savers[resource.kind]

    def _elements(self, name: str) -> list[Any]:
        """What was sent: `{"Invoices": [...]}`, a list, or one bare object. [R for the bare one]"""
        try:
            sent = read(self._call.body)
        except ValueError:
            raise exception(14, "PostDataInvalidException", self._books.text("bad_json")) from None
        if isinstance(sent, Mapping):
            sent = sent.get(name, [sent])
        listed = [item for item in sent if isinstance(item, Mapping)] if isinstance(sent, list) else []
        if not any(listed):
            raise exception(17, "NoDataProcessedException", self._books.text("no_data", kind=name))
        return listed

    def _many(self, resource: Resource, save: Save) -> Doc:
        """Element by element. One that is wrong fails the call, unless summarizeErrors=false."""
        books, kind = self._books, resource.kind
        apart = self._call.query.get("summarizeErrors", "").lower() == "false"
        start = books.mark()
        done: list[tuple[str, Doc]] = []
        wrong = 0
        for item in self._elements(resource.plural):
            mark = books.mark()
            try:
                done.append((str(save(item)[ID_FIELDS[kind]]), {}))
            except Invalid as error:
                books.back(mark)
                wrong += 1
                done.append(("", echo(item, error.messages, ID_FIELDS[kind])))
        if wrong and not apart:
            if books.settings.all_or_nothing:
                books.back(start)
            else:
                books.commit(self._key)
            raise self._refused([element for ref, element in done if not ref])
        shown = []
        for ref, element in done:
            doc = books.get(kind, ref) if ref else None
            found = render(books, kind, doc) if doc else element
            shown.append({**found, "StatusAttributeString": "OK" if doc else "ERROR"} if apart else found)
        return {resource.plural: shown}

    def _refused(self, elements: list[Doc]) -> Refusal:
        message = self._books.text("validation")
        body = {"ErrorNumber": 10, "Type": "ValidationException", "Message": message, "Elements": elements}
        return Refusal(400, body)


def _shown(line: Mapping[str, Any]) -> Doc:
    moment = line["DateUTC"]
    return {**line, "DateUTC": ms(moment), "DateUTCString": f"{moment:%Y-%m-%dT%H:%M:%S}"}
