"""A batch: up to 30 items, each done or refused by itself, in order; none sees what the others make.

Sources: Intuit's page on batch operations and its blog on requestid, which keys each item by requestid and bId.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.kit import WriteLog
from sandbox.quickbooks.company import KINDS, Company
from sandbox.quickbooks.operations import operate
from sandbox.quickbooks.query import answer
from sandbox.quickbooks.refusals import Refusal, business, missing, too_long, unsupported
from sandbox.quickbooks.replays import Replays


def batch(company: Company, replays: Replays, log: WriteLog, body: object, key: str, lag: float) -> dict[str, Any]:
    """The BatchItemResponse of each item, in order. In the log the key of an item is `requestid/bId`.

    Raises:
        Refusal: the batch as a whole cannot be taken.
    """
    settings = company.settings
    items = body.get("BatchItemRequest") if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not items:
        raise missing("BatchItemRequest")
    if len(items) > settings.batch_items:
        raise business(f"The batch has more than {settings.batch_items} items.")
    names = [str(item.get("bId", "")) if isinstance(item, Mapping) else "" for item in items]
    if not all(names) or len(set(names)) != len(names):
        raise unsupported("bId")
    if key:
        replays.check(key, settings.batch_request_id_length)
        for name in names:
            if len(name) > settings.batch_id_length:
                raise too_long("bId", settings.batch_id_length, len(name))
    made: list[dict[str, Any]] = []
    try:
        for name, item in zip(names, items, strict=True):
            before = len(log.writes)
            made.append({**_item(company, replays, item, f"{key}/{name}" if key else "", lag), "bId": name})
            company.hidden.update((write.kind, write.ref) for write in log.writes[before:] if write.action == "create")
    finally:
        company.hidden.clear()
    return {"BatchItemResponse": made}


def _item(company: Company, replays: Replays, item: Mapping[str, Any], key: str, lag: float) -> dict[str, Any]:
    try:
        if "Query" in item:
            return {"QueryResponse": answer(company, str(item["Query"]), lag)[0]}
        kind = next((kind for kind in KINDS if kind in item), None)
        operation = str(item.get("operation", ""))
        if kind is None or operation not in ("create", "update", "delete", "void"):
            raise unsupported("operation" if kind else "BatchItemRequest")
        options = str(item.get("optionsData", ""))
        return replays.once(
            company, key, item,
            lambda: operate(company, kind, item[kind], operation=operation, include=options, key=key),
        )  # fmt: skip
    except Refusal as refusal:
        return {"Fault": refusal.fault()}
