"""The Salesforce sandbox: the gate that every call passes, its resources, and faults of Salesforce's own kind."""

from __future__ import annotations

import itertools
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform, as_json
from sandbox.salesforce.hand import Hand
from sandbox.salesforce.identity import PATH, Identity
from sandbox.salesforce.reads import Reads
from sandbox.salesforce.records import Records, Row
from sandbox.salesforce.settings import Settings
from sandbox.salesforce.wire import Refusal, checked

_DATA = "/services/data"
_DAY = timedelta(days=1)


class SalesforceSandbox(Platform):
    """One org. Paths: `/services/oauth2/token`, `/services/data/...`."""

    name = "salesforce"

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self.identity = Identity(self.settings, self.clock)
        self.records = Records(self.settings, self.clock, self.log)
        self._version = self.settings.versions[-1]
        self.reads = Reads(self.records, lambda: self._version)
        self.hand = Hand(self.records, self.reads, self._alone)
        self._calls: deque[datetime] = deque()
        self._errors = itertools.cycle(self.settings.server_errors)

    def kind_of(self, call: Call) -> str:
        """`write`, `read` or `token`."""
        if call.path == PATH:
            return "token"
        return "read" if call.method == "GET" else "write"

    def perform(self, call: Call) -> Answer:
        """Do what the call asks for."""
        if call.path == PATH:
            return self.identity.perform(call)
        parts = [part for part in call.path.split("/") if part]
        if call.path.rstrip("/") == _DATA:
            return as_json([{"label": "", "url": f"{_DATA}/v{one}", "version": one} for one in self.settings.versions])
        try:
            if len(parts) < 3 or parts[:2] != ["services", "data"] or parts[2][1:] not in self.settings.versions:
                raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
            self._version = parts[2][1:]
            self.identity.check(call)
            self._count()
            answer = self._resource(call, parts[3:])
        except Refusal as refusal:
            answer = refusal.answer
        if answer.status == 401:
            return answer
        usage = f"api-usage={len(self._calls)}/{self.settings.calls_per_day}"
        return Answer(answer.status, answer.body, {**answer.headers, "sforce-limit-info": usage})

    def served_at(self, address: str) -> None:
        """Tokens come with the address for calls."""
        self.settings.domain = address
        self.settings.audiences = (*self.settings.audiences, address)

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """Salesforce's own answer to a fault."""
        if fault is Fault.SERVER_ERROR:
            status, code = next(self._errors)
            return Refusal(status, code, "An unexpected error occurred. Please include this ErrorId").answer
        if call.path == PATH:
            return None
        if fault is Fault.TOKEN_EXPIRED:
            self.identity.revoke()
            return Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid").answer
        if fault is Fault.LIMIT_DAY:
            return Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").answer
        if fault is Fault.LIMIT_CONCURRENT:
            return Refusal(
                403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
            ).answer
        return None

    # -- the gate --------------------------------------------------------------------------------------------------

    def _count(self) -> None:
        now = self.clock.now()
        while self._calls and self._calls[0] <= now - _DAY:
            self._calls.popleft()
        if len(self._calls) >= self.settings.calls_per_day:
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self._calls.append(now)

    # -- resources -------------------------------------------------------------------------------------------------

    def _resource(self, call: Call, parts: list[str]) -> Answer:
        first = parts[0] if parts else ""
        if first in ("query", "queryAll") and call.method == "GET":
            return as_json(self._query(call, parts))
        if first == "limits":
            left = self.settings.calls_per_day - len(self._calls)
            return as_json({"DailyApiRequests": {"Max": self.settings.calls_per_day, "Remaining": left}})
        if first == "sobjects" and len(parts) == 1:
            names = sorted(self.records.fields)
            return as_json({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [{"name": one} for one in names]})
        if first == "sobjects":
            return self._object(call, parts[1], parts[2:])
        if first == "composite" and parts[1:2] == ["sobjects"] and len(parts) == 3 and call.method == "POST":
            return self._several(call, parts[2])
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")

    def _query(self, call: Call, parts: list[str]) -> Any:
        if len(parts) > 1:
            return self.reads.more(parts[1])
        if "q" not in call.query:
            raise Refusal(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
        if len(quote_plus(call.query["q"])) > self.settings.longest_address:
            raise Refusal(414, "URI_TOO_LONG", "The length of the URI exceeds the 16,384 byte limit")
        options = call.headers.get("sforce-query-options", "")
        return self.reads.query(call.query["q"], deleted=parts[0] == "queryAll", options=options)

    def _object(self, call: Call, kind: str, rest: list[str]) -> Answer:
        if kind not in self.records.fields:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        if rest[:1] == ["describe"]:
            fields = [one.described() for one in self.reads.fields_of(kind).values()]
            return as_json({"name": kind, "label": kind, "queryable": True, "fields": fields})
        if rest and rest[0] in ("deleted", "updated"):
            return as_json(self._between(kind, rest[0], call))
        if not rest and call.method == "POST":
            values = self._body(call, kind)
            return as_json({"id": self.records.create(kind, values), "success": True, "errors": []}, 201)
        if len(rest) == 1:
            return self._one(call, kind, rest[0])
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")

    def _one(self, call: Call, kind: str, ref: str) -> Answer:
        row = self._held(kind, ref)
        if call.method == "GET":
            named = call.query.get("fields", "")
            names = named.split(",") if named else list(self.reads.fields_of(kind))
            return as_json(self.reads.row_of(kind, row, names))
        if call.method == "PATCH":
            since = call.headers.get("if-unmodified-since", "")
            if since and row["SystemModstamp"] > _http_date(since):
                return Answer(412)
            self.records.update(row["Id"], self._body(call, kind))
            return Answer(204)
        if call.method == "DELETE":
            self.records.delete(row["Id"])
            return Answer(204)
        raise Refusal(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed.")

    def _held(self, kind: str, ref: str) -> Row:
        if len(ref) not in (15, 18) or not ref.isalnum():
            raise Refusal(400, "MALFORMED_ID", f"{kind} ID: id value of incorrect type: {ref}")
        full = checked(ref) if len(ref) == 15 else ref
        row = self.records.get(full, deleted=True)
        if row is None or self.records.kind_of(full) != kind:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        if row["IsDeleted"]:
            raise Refusal(404, "ENTITY_IS_DELETED", "entity is deleted")
        return row

    def _several(self, call: Call, kind: str) -> Answer:
        """POST /composite/sobjects/{object}: by ids, null for what is not there."""
        body = call.json()
        ids, names = list(body.get("ids", [])), list(body.get("fields", []))
        if len(ids) > 2000:
            raise Refusal(400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records")
        rows = [self.records.get(checked(one[:15])) for one in ids]
        return as_json([None if row is None else self.reads.row_of(kind, row, names) for row in rows])

    def _between(self, kind: str, which: str, call: Call) -> Any:
        start, end = _moment(call.query.get("start", "")), _moment(call.query.get("end", ""))
        rows = [
            row
            for row in self.records.visible(kind, deleted=True)
            if start <= row["SystemModstamp"] <= end and row["IsDeleted"] is (which == "deleted")
        ]
        if which == "updated":
            return {"ids": [row["Id"] for row in rows], "latestDateCovered": _written(end)}
        records = [{"id": row["Id"], "deletedDate": _written(row["SystemModstamp"])} for row in rows]
        return {
            "deletedRecords": records,
            "earliestDateAvailable": _written(self.clock.now() - timedelta(seconds=self.settings.recycle_bin)),
            "latestDateCovered": _written(end),
        }

    def _body(self, call: Call, kind: str) -> dict[str, Any]:
        try:
            values = call.json()
        except ValueError as error:
            raise Refusal(400, "JSON_PARSER_ERROR", "Unexpected character") from error
        if not isinstance(values, dict):
            raise Refusal(400, "JSON_PARSER_ERROR", "The HTTP entity body must be a JSON object")
        self.records.writable(kind, values)
        hidden = [name for name in values if name not in self.reads.fields_of(kind)]
        if hidden:
            raise Refusal(400, "INVALID_FIELD", f"No such column '{hidden[0]}' on sobject of type {kind}", (hidden[0],))
        return values


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace(" ", "+")).astimezone(UTC)
    except ValueError as error:
        raise Refusal(400, "INVALID_REPLICATION_DATE", "start and end must be dates") from error


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000+0000"


def _http_date(text: str) -> datetime:
    return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
