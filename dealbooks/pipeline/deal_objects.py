"""Which envelopes, payments and the like belong to which deal: told by an event, or by the deal's own record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.deal import Deal
from dealbooks.events.match import objects_of_record
from dealbooks.store import Tx
from dealbooks.store.tables import deal_objects

_CHUNK = 500
_NOT = "-"  # before an object of which a person said that it is not this deal's


def stated_objects(deal_id: str, deal: Deal) -> Iterator[tuple[str, str]]:
    """The things that a deal's record names, as `record_objects` takes them."""
    for thing in objects_of_record(deal.references, [payment.processor_ref for payment in deal.payments]):
        yield deal_id, thing


def record_objects(tx: Tx, told: Iterable[tuple[str, str]]) -> int:
    """Keep which things belong to which deals, (deal id, object) each; how many were not known before."""
    wanted = {_name(deal, thing): (deal, thing) for deal, thing in told}
    if not wanted:
        return 0
    names = sorted(wanted)
    there = {
        row["id"]
        for start in range(0, len(names), _CHUNK)
        for row in tx.rows(select(deal_objects.c.id).where(deal_objects.c.id.in_(names[start : start + _CHUNK])))
    }
    fresh = [{"id": name, "deal_id": wanted[name][0], "object": wanted[name][1]} for name in names if name not in there]
    tx.insert("deal_objects", fresh)
    return len(fresh)


def give_objects(tx: Tx, deal_id: str, things: Iterable[str]) -> None:
    """A person said whose these things are: they are of this deal from now on, and of no other."""
    wanted = {_name(deal_id, thing): thing for thing in things}
    named = deal_objects.c.object.in_(list(wanted.values())) | deal_objects.c.id.in_(list(wanted))
    rows = tx.rows(select(deal_objects).where(named))
    away = [(row, {"object": f"{_NOT}{row['object']}"}) for row in rows if row["deal_id"] != deal_id]
    own = [row for row in rows if row["deal_id"] == deal_id and row["id"] in wanted]
    back = [(row, {"object": wanted[row["id"]]}) for row in own if row["object"] != wanted[row["id"]]]
    tx.change("deal_objects", away + back)
    record_objects(tx, ((deal_id, thing) for thing in wanted.values()))


def _name(deal_id: str, thing: str) -> str:
    return sha256_hex(canonical_json([deal_id, thing]))[:32]
