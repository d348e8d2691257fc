"""How deals stand in the books, told back to the sources that show it to their people.

It is said after each posting, and may be said again at any time. Where it cannot be written the deals stand as they
stand: that is a warning, and the next run writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, select

from dealbooks import registry
from dealbooks.config import Config
from dealbooks.errors import DealbooksError
from dealbooks.house import House
from dealbooks.pipeline.keys import record_key
from dealbooks.pipeline.states import state_of
from dealbooks.source import ToldSource
from dealbooks.store.tables import deal_aliases, deal_versions, deals, effects, entries, quarantine

_LONGEST, _LONGEST_REF = 500, 50
_SET_ASIDE = "F204"  # its value says in which cell something is wrong: the person looks at the source


@dataclass(frozen=True, slots=True)
class ToldBack:
    """What a source was told: how many deals stood otherwise there before, or why it could not be told, in words."""

    source: str
    written: int = 0
    failure: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"source": self.source, "written": self.written, "failure": self.failure}


def tell_standings(house: House, sources: Iterable[str]) -> list[ToldBack]:
    """Tell sources how their deals stand, those whose settings ask for it."""
    return [told for source in sources if (told := _tell(house, source)) is not None]


def may_be_told(config: Config, source: str) -> bool:
    """Whether a source is of a kind that can be told anything; whether it is, its own settings say."""
    return registry.source_platform(config.sources[source].platform).kind == "records"


def _tell(house: House, source: str) -> ToldBack | None:
    if not may_be_told(house.config, source):
        return None
    platform = house.source_config(source).platform
    try:
        reader = house.source(source)
        if not reader.capabilities.standings:
            return None
        found = standings(house, source)
        told = cast(ToldSource, reader)
        return ToldBack(source, told.write_standings(lambda key: found.get(record_key(platform, source, key), "")))
    except DealbooksError as error:
        return ToldBack(source, failure=error.words)


def standings(house: House, source: str) -> dict[str, str]:
    """Natural key -> how the deal stands: `posted: sale-v1, Invoice/145`, `quarantined, number 3: Deals!M2 (Make) shows
    #REF!`."""
    with_held = select(deal_versions.c.deal_id).where(deal_versions.c.state == "held")
    known = (
        select(deal_aliases.c.natural_key, deals.c.id, deals.c.state, deals.c.posted_version)
        .join(deals, deals.c.id == deal_aliases.c.deal_id)
        .where(deals.c.source == source)
    )
    refused = select(quarantine.c.id, quarantine.c.natural_key, quarantine.c.reasons).where(
        (quarantine.c.source == source) & (quarantine.c.state == "open")
    )
    with house.store.read() as conn:
        held = {row.deal_id for row in conn.execute(with_held)}
        names = _names(conn, source)
        found = {}
        for row in conn.execute(known):
            state = state_of(row.state, held=row.id in held)
            name = names.get((row.id, f"sale-v{row.posted_version}"), "") if row.posted_version else ""
            found[row.natural_key] = f"{state}: {name}" if name else state
        for number, key, reasons in conn.execute(refused.order_by(quarantine.c.id)):
            found[key] = _refused(found.get(key), number, reasons)
    return found


def _names(conn: Connection, source: str) -> dict[tuple[str, str], str]:
    """(deal, entry) -> what a posted sale is called: our entry, and the ledger's own reference where it is one that a
    person can use."""
    query = (
        select(entries.c.deal_id, entries.c.entry_id, effects.c.ref)
        .join(effects, effects.c.entry == entries.c.id)
        .join(deals, deals.c.id == entries.c.deal_id)
        .where((deals.c.source == source) & entries.c.entry_id.like("sale-v%") & (effects.c.state == "posted"))
        .order_by(effects.c.seq)
    )
    found: dict[tuple[str, str], str] = {}
    for row in conn.execute(query):
        ref = row.ref if row.ref and len(row.ref) <= _LONGEST_REF else ""
        if ref or (row.deal_id, row.entry_id) not in found:
            found.setdefault((row.deal_id, row.entry_id), ", ".join(filter(None, (row.entry_id, ref))))
    return found


def _refused(before: str | None, number: int, reasons: str) -> str:
    told = "; ".join(_told(one) for one in json.loads(reasons) if one["severity"] == "E")
    if before is None:
        return f"quarantined, number {number}: {told}"[:_LONGEST]
    return f"{before}; its change is quarantined, number {number}: {told}"[:_LONGEST]


def _told(finding: Mapping[str, Any]) -> str:
    return str(finding["value"] if finding["code"] == _SET_ASIDE else finding["message"])
