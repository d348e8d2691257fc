"""How the deals of a spreadsheet stand in the books, written into its column of standings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from blocks.sources.google_sheets.source import GoogleSheet
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.pipeline.keys import record_key
from dealbooks.pipeline.states import state_of
from dealbooks.store.tables import deal_aliases, deal_versions, deals, quarantine

_LONGEST = 500
_ROW_IS_RIGHT = "row_is_right"  # the field of the shipped map that refuses rows in which something is wrong


def write_standings(house: House, source: str) -> int:
    """Write how each deal stands into the column that the source's setting `standing_range` names; how many cells
    were not right before. Made to be called again and again, after each sync.

    Raises:
        UsageError: the source is no spreadsheet.
        ConfigError: it names no such range.
        StopConnection: the range is no free column, or Google refuses, or does not answer; the next time the rest is
            written.
    """
    sheet, platform = house.source(source), house.source_config(source).platform
    if not isinstance(sheet, GoogleSheet):
        raise UsageError(f"{source} is no spreadsheet of Google Sheets.", fix="Name the source that is.")
    found = standings(house, source)
    return sheet.write_standings(lambda key: found.get(record_key(platform, source, key), ""))


def standings(house: House, source: str) -> dict[str, str]:
    """Natural key -> how the deal stands: `posted`, `quarantined: Deals!M2 (Make) shows #REF!`."""
    with_held = select(deal_versions.c.deal_id).where(deal_versions.c.state == "held")
    known = select(deal_aliases.c.natural_key, deals.c.id, deals.c.state).join(
        deals, deals.c.id == deal_aliases.c.deal_id
    )
    refused = select(quarantine.c.natural_key, quarantine.c.reasons).where(
        (quarantine.c.source == source) & (quarantine.c.state == "open")
    )
    with house.store.read() as conn:
        held = {row.deal_id for row in conn.execute(with_held)}
        found = {
            row.natural_key: state_of(row.state, held=row.id in held)
            for row in conn.execute(known.where(deals.c.source == source))
        }
        for row in conn.execute(refused.order_by(quarantine.c.id)):
            before = found.get(row.natural_key)
            found[row.natural_key] = _refused(before, row.reasons)
    return found


def _refused(before: str | None, reasons: str) -> str:
    told = "; ".join(_told(one) for one in json.loads(reasons) if one["severity"] == "E")
    if before is None:
        return f"quarantined: {told}"[:_LONGEST]
    return f"{before}, its change is quarantined: {told}"[:_LONGEST]


def _told(finding: Mapping[str, Any]) -> str:
    """What is wrong. Of a cell that cannot be used, what the source said of it: the person looks at the spreadsheet."""
    return str(finding["value"] if finding["field"].endswith(_ROW_IS_RIGHT) else finding["message"])
