"""The HubSpot sandbox: the gate that every call passes, its resources, and faults of HubSpot's own kind."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.hubspot.hand import Hand
from sandbox.hubspot.identity import CONSENT, PATH, Identity
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.objects import Objects, Thing, association_type
from sandbox.hubspot.schema import CONTACTS, SHOWN, object_of
from sandbox.hubspot.search import search
from sandbox.hubspot.settings import Settings
from sandbox.hubspot.wire import Refusal, iso
from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform, as_json

_CREATED = "2026-01-05T09:00:00.000Z"
_NO_LINKS = "crm.associations.NO_ASSOCIATIONS_FOUND"


class HubSpotSandbox(Platform):
    """One account. Paths: `/oauth/v1/token`, `/oauth/authorize`, `/crm/v3/...`, `/crm/v4/associations/...`,
    `/account-info/v3/details`."""

    name = "hubspot"

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self.identity = Identity(self.settings, self.clock)
        self.limits = Limits(self.settings, self.clock)
        self.objects = Objects(self.settings, self.clock, self.log)
        self.hand = Hand(self.objects, self._alone)
        self._errors = itertools.cycle(self.settings.server_errors)

    def kind_of(self, call: Call) -> str:
        """`write`, `read` or `token`. Searches and reads of several are posted."""
        if call.path == PATH:
            return "token"
        reads = call.method == "GET" or call.path.endswith(("/search", "/batch/read"))
        return "read" if reads else "write"

    def perform(self, call: Call) -> Answer:
        """Do what the call asks for."""
        if call.path == PATH:
            return self.identity.perform(call)
        if call.path == CONSENT and call.method == "GET":
            return self.identity.consent(call)
        searching = call.path.endswith("/search")
        try:
            private = self.identity.check(call, self._scope(call))
            refused = self.limits.take(search=searching)
            if refused is not None:
                return refused
            answer = self._resource(call)
        except Refusal as refusal:
            if refusal.status in (401, 403):
                return refusal.answer
            answer, private = refusal.answer, True
        more = self.limits.headers(search=searching, daily=private)
        return Answer(answer.status, answer.body, {**answer.headers, **more})

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """HubSpot's own answer to a fault."""
        if fault is Fault.SERVER_ERROR:
            return Refusal(next(self._errors), "INTERNAL_ERROR", "internal error").answer
        if call.path == PATH:
            return None
        if fault is Fault.TOKEN_EXPIRED:
            self.identity.revoke_access()
            return Refusal(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired").answer
        policy = {
            Fault.LIMIT_SECOND: "SECONDLY", Fault.LIMIT_MINUTE: "TEN_SECONDLY_ROLLING", Fault.LIMIT_DAY: "DAILY",
        }.get(fault)  # fmt: skip
        return self.limits.refused(policy) if policy else None

    # -- resources -------------------------------------------------------------------------------------------------

    def _scope(self, call: Call) -> str:
        """The scope that a call needs; pipelines, properties and the account need none here."""
        parts = call.path.strip("/").split("/")
        if parts[:3] == ["crm", "v3", "objects"] and len(parts) > 3:
            kind = object_of(parts[3])
            return f"crm.objects.{kind}.{'read' if self.kind_of(call) == 'read' else 'write'}" if kind else ""
        return ""

    def _resource(self, call: Call) -> Answer:
        parts = call.path.strip("/").split("/")
        if parts[:3] == ["account-info", "v3", "details"]:
            return as_json(
                {"portalId": self.settings.portal, "timeZone": self.settings.timezone, "accountType": "STANDARD"}
            )
        if (
            parts[:2] != ["crm", "v3"]
            and parts[:3] != ["crm", "v4", "associations"]
            and parts[:3] != ["crm", "v4", "objects"]
        ):
            raise Refusal(404, "OBJECT_NOT_FOUND", "resource not found")
        if parts[2] == "pipelines":
            return as_json({"results": self._pipelines()})
        if parts[2] == "properties" and len(parts) == 4:
            return as_json({"results": self._properties(self._kind(parts[3]))})
        if parts[2] == "associations" and parts[5:] == ["batch", "read"]:
            return self._associations(call, self._kind(parts[3]), self._kind(parts[4]))
        if parts[1:3] == ["v4", "objects"] and len(parts) == 7:
            return self._links_of(call, self._kind(parts[3]), parts[4], self._kind(parts[6]))
        if parts[1:3] == ["v3", "objects"]:
            return self._objects(call, self._kind(parts[3]), parts[4:])
        raise Refusal(404, "OBJECT_NOT_FOUND", "resource not found")

    def _kind(self, name: str) -> str:
        kind = object_of(name)
        if not kind:
            raise Refusal(400, "VALIDATION_ERROR", f"Unable to infer object type from: {name}")
        return kind

    def _objects(self, call: Call, kind: str, rest: list[str]) -> Answer:
        if rest == ["search"] and call.method == "POST":
            body = self._body(call)
            total, page, more = search(self.objects, kind, body, len(call.body))
            answer: dict[str, Any] = {
                "total": total, "results": [self._searched(one, body.get("properties") or ()) for one in page],
            }  # fmt: skip
            if more:
                answer["paging"] = {"next": {"after": more}}
            return as_json(answer)
        if rest == ["batch", "read"] and call.method == "POST":
            return self._several(kind, self._body(call))
        if rest == ["batch", "update"] and call.method == "POST":
            return self._updated(kind, self._body(call))
        if not rest and call.method == "GET":
            return as_json(self._list(call, kind))
        if not rest and call.method == "POST":
            made = self.objects.create(kind, self._body(call).get("properties") or {}, None, 0)
            return as_json(self._shown(made, tuple(made.properties)), 201)
        if len(rest) == 1:
            return self._one(call, kind, rest[0])
        raise Refusal(405, "METHOD_NOT_ALLOWED", "method not allowed")

    def _one(self, call: Call, kind: str, ref: str) -> Answer:
        archived = _archived(call)
        thing = self.objects.get(kind, int(ref), archived=archived) if ref.isdigit() else None
        if thing is None:
            if call.method == "DELETE":
                return Answer(204)
            raise Refusal(404, "OBJECT_NOT_FOUND", "resource not found")
        if call.method == "PATCH":
            self.objects.update(thing, self._body(call).get("properties") or {}, None, 0)
        elif call.method == "DELETE":
            self.objects.archive(thing)
            return Answer(204)
        return as_json(self._shown(thing, _asked(call, "properties")))

    def _list(self, call: Call, kind: str) -> dict[str, Any]:
        limit, after = int(call.query.get("limit") or 10), int(call.query.get("after") or 0)
        if not 1 <= limit <= self.settings.page:
            raise Refusal(400, "VALIDATION_ERROR", f"limit must be between 1 and {self.settings.page}")
        things = list(self.objects.all(kind, archived=_archived(call)))
        rest = sorted((one for one in things if one.number > after), key=lambda one: one.number)
        page = rest[:limit]
        names = _asked(call, "properties")
        answer: dict[str, Any] = {"results": [self._shown(one, names) for one in page]}
        if len(rest) > limit:
            last = str(page[-1].number)
            answer["paging"] = {"next": {"after": last, "link": f"https://api.hubapi.com{call.path}?after={last}"}}
        return answer

    def _several(self, kind: str, body: Mapping[str, Any]) -> Answer:
        """Those that are not there are errors of an answer 207."""
        inputs = self._inputs(body, self.settings.page)
        names = tuple(body.get("properties") or ())
        found: dict[int, Thing] = {}
        lost = []
        for one in inputs:
            ref = str(one.get("id"))
            thing = self.objects.get(kind, int(ref)) if ref.isdigit() else None
            if thing is None:
                lost.append(ref)
            else:
                found[thing.number] = thing
        results = [self._shown(thing, names) for thing in found.values()]
        error = {
            "status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": lost}, "errors": [], "links": {},
            "message": f"Could not get some {kind.upper()} objects, they may be deleted or not exist. Check that ids "
            "are valid.",
        }  # fmt: skip
        return self._batch(results, [error] if lost else [])

    def _updated(self, kind: str, body: Mapping[str, Any]) -> Answer:
        done, errors = [], []
        for one in self._inputs(body, self.settings.page):
            ref = str(one.get("id"))
            thing = self.objects.get(kind, int(ref)) if ref.isdigit() else None
            if thing is None:
                errors.append(
                    {"status": "error", "category": "OBJECT_NOT_FOUND", "message": f"Could not get {ref}", "errors": [],
                     "context": {"ids": [ref]}, "links": {}}
                )  # fmt: skip
                continue
            self.objects.update(thing, one.get("properties") or {}, None, 0)
            done.append(self._shown(thing, tuple(one.get("properties") or ())))
        return self._batch(done, errors)

    def _associations(self, call: Call, kind: str, to: str) -> Answer:
        """By page of each input. What has none is an error of an answer 207."""
        results, errors = [], []
        size = self.settings.association_page
        for one in self._inputs(self._body(call), self.settings.association_inputs):
            ref = str(one.get("id"))
            start = int(one.get("after") or 0)
            thing = self.objects.get(kind, int(ref)) if ref.isdigit() else None
            links = self.objects.linked(thing.number, to) if thing is not None else []
            if not links:
                errors.append(
                    {"status": "error", "category": "OBJECT_NOT_FOUND", "subCategory": _NO_LINKS, "errors": [],
                     "message": f"No {to} is associated with {kind} {ref}.", "context": {"fromObjectId": [ref]},
                     "links": {}}
                )  # fmt: skip
                continue
            entry: dict[str, Any] = {"from": {"id": ref}, "to": self._to(kind, to, links[start : start + size])}
            if start + size < len(links):
                entry["paging"] = {"next": {"after": str(start + size), "link": ""}}
            results.append(entry)
        return self._batch(results, errors)

    def _links_of(self, call: Call, kind: str, ref: str, to: str) -> Answer:
        thing = self.objects.get(kind, int(ref)) if ref.isdigit() else None
        if thing is None:
            raise Refusal(404, "OBJECT_NOT_FOUND", "resource not found")
        start, limit = int(call.query.get("after") or 0), int(call.query.get("limit") or 500)
        links = self.objects.linked(thing.number, to)
        answer: dict[str, Any] = {"results": self._to(kind, to, links[start : start + limit])}
        if start + limit < len(links):
            answer["paging"] = {"next": {"after": str(start + limit), "link": ""}}
        return as_json(answer)

    def _to(self, kind: str, to: str, links: Iterable[Any]) -> list[dict[str, Any]]:
        found = []
        for link in links:
            types = [{"category": "HUBSPOT_DEFINED", "typeId": association_type(kind, to), "label": None}]
            if link.label:
                types.append({"category": "USER_DEFINED", "typeId": 101, "label": link.label})
            found.append({"toObjectId": link.other, "associationTypes": types})
        return found

    # -- parts -----------------------------------------------------------------------------------------------------

    def _batch(self, results: list[Any], errors: list[Any]) -> Answer:
        now = iso(self.clock.now())
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return as_json(answer, 207 if errors else 200)

    def _inputs(self, body: Mapping[str, Any], most: int) -> list[Mapping[str, Any]]:
        inputs = body.get("inputs")
        if not isinstance(inputs, list):
            raise Refusal(400, "VALIDATION_ERROR", "Invalid input JSON: inputs must be a list")
        if len(inputs) > most:
            raise Refusal(400, "VALIDATION_ERROR", f"The maximum number of inputs is {most}")
        return inputs

    def _body(self, call: Call) -> Mapping[str, Any]:
        try:
            body = call.json()
        except ValueError as error:
            raise Refusal(400, "VALIDATION_ERROR", "Invalid input JSON") from error
        if not isinstance(body, dict):
            raise Refusal(400, "VALIDATION_ERROR", "Invalid input JSON")
        return body

    def _shown(self, thing: Thing, names: Iterable[str]) -> dict[str, Any]:
        """Unknown names are passed over without a word; what is not set is null."""
        return self._written(thing, thing.properties, names)

    def _searched(self, thing: Thing, names: Iterable[str]) -> dict[str, Any]:
        return self._written(thing, thing.indexed[0][2], names)

    def _written(self, thing: Thing, state: Mapping[str, str | None], names: Iterable[str]) -> dict[str, Any]:
        wanted = tuple(names) or SHOWN[thing.kind]
        stamp = "lastmodifieddate" if thing.kind == CONTACTS else "hs_lastmodifieddate"
        always = ("hs_object_id", stamp)
        shown = {name: state[name] for name in dict.fromkeys((*wanted, *always)) if name in state}
        answer: dict[str, Any] = {
            "id": str(thing.number), "properties": shown, "createdAt": iso(thing.created),
            "updatedAt": iso(thing.modified), "archived": thing.archived is not None,
        }  # fmt: skip
        if thing.archived is not None:
            answer["archivedAt"] = iso(thing.archived)
        return answer

    def _properties(self, kind: str) -> list[dict[str, Any]]:
        return [
            {
                "name": name, "label": name, "type": typed, "fieldType": "text", "groupName": f"{kind}information",
                "description": "", "options": [], "archived": False, "hidden": False, "displayOrder": -1,
                "formField": True, "calculated": False, "externalOptions": False, "hasUniqueValue": False,
                "createdAt": _CREATED, "updatedAt": _CREATED,
            }
            for name, typed in self.objects.properties[kind].items()
        ]  # fmt: skip

    def _pipelines(self) -> list[dict[str, Any]]:
        return [
            {
                "id": ref, "label": name, "displayOrder": place, "archived": False, "createdAt": _CREATED,
                "updatedAt": _CREATED,
                "stages": [
                    {
                        "id": stage, "label": label, "displayOrder": order, "archived": False, "createdAt": _CREATED,
                        "updatedAt": _CREATED, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                        "metadata": {"isClosed": str(closed).lower(), "probability": "1.0" if won else "0.0"},
                    }
                    for order, (stage, (label, closed, won)) in enumerate(stages.items())
                ],
            }
            for place, (ref, (name, stages)) in enumerate(self.settings.pipelines.items())
        ]  # fmt: skip


def _archived(call: Call) -> bool:
    return call.query.get("archived", "").lower() == "true"


def _asked(call: Call, name: str) -> tuple[str, ...]:
    """Names that are given one after another, or with commas."""
    return tuple(one for value in call.every.get(name, ()) for one in value.split(",") if one)
