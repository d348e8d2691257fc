"""The calls that a source makes to HubSpot. Each answers in plain objects; nothing here knows what a deal is."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from blocks.sources.api import Window
from blocks.sources.hubspot.answers import answer
from blocks.sources.hubspot.settings import HubSpotSettings
from dealbooks.http import Budget, Call, Reply

Thing = Mapping[str, Any]
_AT_ONCE = 100  # objects of a batch or a list [C]
_ASSOCIATIONS_AT_ONCE = 1000  # [R]
_SEARCHED = 200  # results of a search [C]
_JSON = {"accept": "application/json", "content-type": "application/json"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class HubSpotApi:
    """Reads objects. `read` makes a call, `searches` is the account's own limit of searches."""

    def __init__(self, read: Callable[[Call], Reply], searches: Budget, settings: HubSpotSettings, name: str) -> None:
        self._read, self._searches, self._settings, self._name = read, searches, settings, name

    def changed(self, kind: str, window: Window, after: str, limit: int) -> list[str]:
        """Ids of objects that changed in a window, by id, those after an id. A search gives 10,000 at most, and many
        objects can share a millisecond: so it is never paged, but asked anew from the last id."""
        filters = [{"propertyName": "hs_lastmodifieddate", "operator": "LTE", "value": _milliseconds(window.until)}]
        if window.since is not None:
            since = _milliseconds(window.since)
            filters.append({"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": since})
        if after:
            filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": after})
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": ["hs_lastmodifieddate"],
            "limit": min(limit, _SEARCHED),
        }
        with self._searches.call():
            found = self._post(f"{self._settings.objects_path}/{kind}/search", body, f"search {kind}")
        return [str(one["id"]) for one in found["results"]]

    def listed(self, kind: str, limit: int) -> Iterator[list[str]]:
        """Ids of all objects that stand."""
        after = ""
        while True:
            params = {"limit": str(min(limit, _AT_ONCE)), "properties": "hs_lastmodifieddate", "archived": "false"}
            if after:
                params["after"] = after
            what = f"list {kind}"
            call = Call.get(f"{self._settings.objects_path}/{kind}", params, what=what)
            body = self._answered(call, what)
            yield [str(one["id"]) for one in body["results"]]
            after = str(((body.get("paging") or {}).get("next") or {}).get("after") or "")
            if not after:
                return

    def objects(self, kind: str, ids: Collection[str], properties: Sequence[str]) -> dict[str, Thing]:
        """Objects by id, from where they are written: those that are not there, or under another id since they were
        merged, are left out."""
        wanted = sorted(set(ids), key=int)
        found: dict[str, Thing] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            body = {"inputs": [{"id": one} for one in some], "properties": list(properties)}
            answered = self._post(f"{self._settings.objects_path}/{kind}/batch/read", body, f"read {kind}")
            found |= {str(one["id"]): one for one in answered["results"] if not one.get("archived")}
        return {one: found[one] for one in wanted if one in found}

    def associated(self, kind: str, to: str, ids: Collection[str]) -> dict[str, list[tuple[str, frozenset[str]]]]:
        """What hangs on objects: id -> ids with the labels of the association, in HubSpot's order."""
        found: dict[str, list[tuple[str, frozenset[str]]]] = {}
        inputs: list[dict[str, str]] = [{"id": one} for one in sorted(set(ids), key=int)]
        while inputs:
            some, inputs = inputs[:_ASSOCIATIONS_AT_ONCE], inputs[_ASSOCIATIONS_AT_ONCE:]
            path = f"{self._settings.associations_path}/{kind}/{to}/batch/read"
            answered = self._post(path, {"inputs": some}, f"read which {to} {kind} have")
            for one in answered["results"]:
                own = str(one["from"]["id"])
                for other in one.get("to") or ():
                    labels = frozenset(str(kind.get("label") or "") for kind in other.get("associationTypes") or ())
                    found.setdefault(own, []).append((str(other["toObjectId"]), labels))
                more = ((one.get("paging") or {}).get("next") or {}).get("after")
                if more:
                    inputs.append({"id": own, "after": str(more)})
        return found

    def properties(self, kind: str) -> dict[str, Thing]:
        """The properties of an object, by name."""
        what = f"read the properties of {kind}"
        body = self._answered(Call.get(f"{self._settings.properties_path}/{kind}", what=what), what)
        return {str(one["name"]): one for one in body["results"] if not one.get("archived")}

    def pipelines(self) -> list[Thing]:
        """The pipelines of deals with their stages."""
        what = "read the pipelines"
        body = self._answered(Call.get(self._settings.pipelines_path, what=what), what)
        return list(body["results"])

    def portal(self) -> str:
        """The id of the account."""
        what = "read which account this is"
        body = self._answered(Call.get(self._settings.account_path, what=what), what)
        return str(body.get("portalId") or "")

    def _post(self, path: str, body: Mapping[str, Any], what: str) -> Any:
        return self._answered(Call("POST", path, headers=_JSON, body=json.dumps(body).encode(), what=what), what)

    def _answered(self, call: Call, what: str) -> Any:
        return answer(self._read(call), self._name, what) or {"results": []}


def _milliseconds(moment: datetime) -> str:
    """Since 1970, rounded down."""
    passed = moment - _EPOCH
    return str((passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000)
