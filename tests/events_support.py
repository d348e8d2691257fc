"""For tests of events: what the gateway would have stored, without the gateway."""

from __future__ import annotations

from typing import Any

from pipeline_support import Dealership
from sqlalchemy import select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.events import Hint, Kind
from dealbooks.pipeline.events import TakenEvents, take_events
from dealbooks.store.db import stamp
from dealbooks.store.tables import events
from gateway.receive import event_row

SIGNED = {"all": ["completed", "signed"]}
HOOKS: dict[str, Any] = {
    "esign": {"scheme": "docusign", "secrets": ["connect-test-key"]},
    "pay": {"scheme": "stripe", "secrets": ["whsec_test_stripe"]},
    "ours": {"scheme": "signed", "secrets": ["gateway-secret-01"]},
}


def with_hooks(shop: Dealership, **changes: dict[str, Any]) -> None:
    """Give a dealership webhooks; `changes` by name. Its stores give no number twice, unless a test says otherwise."""
    shop.settings.setdefault("events", {"store_numbers": False})
    shop.settings["hooks"] = {name: one | changes.get(name, {}) for name, one in HOOKS.items()} | {
        name: one for name, one in changes.items() if name not in HOOKS
    }
    shop.write_config()


def signed(ref: str = "", envelope: str = "", **more: Any) -> Hint:
    """A signature."""
    return told("document.signed", ref, **({"envelope": envelope} if envelope else {}), **more)


def told(kind: Kind, ref: str = "", *, key: str = "", body: str = "{}", at: str = "", **more: Any) -> Hint:
    """An event; names that a hint has not are ids of objects."""
    fields = {name: more.pop(name) for name in ("text", "amount", "currency") if name in more}
    dedupe = key or sha256_hex(canonical_json([kind, ref, more, fields]))[:20]
    return Hint(kind, dedupe, body, ref, more, at, **fields)


def arrives(shop: Dealership, hook: str, *hints: Hint) -> None:
    """Events come to a hook; one that came before is nothing new."""
    with shop.open() as house, house.store.transaction("gateway", "take events") as tx:
        one = house.config.hooks[hook]
        for hint in hints:
            known = select(events.c.id).where((events.c.hook == hook) & (events.c.dedupe_key == hint.dedupe_key))
            if tx.conn.execute(known).first() is not None:
                continue
            row = event_row(hook, one, hint, stamp(shop.clock())) | {"id": tx.next_ids("events")[0]}
            tx.conn.execute(events.insert(), [row])


def taken(shop: Dealership) -> TakenEvents:
    """Events are taken, and nothing else is done."""
    with shop.open() as house:
        return take_events(house)


def states(shop: Dealership) -> list[str]:
    """The state of every event, in the order in which they came."""
    return [row["state"] for row in shop.rows("events")]


def deals_of(shop: Dealership) -> list[str | None]:
    """The deal number of every event, in the order in which they came."""
    numbers = {row["id"]: row["deal_number"] for row in shop.rows("deals")}
    return [numbers.get(row["deal_id"] or "") for row in shop.rows("events")]
