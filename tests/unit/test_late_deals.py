"""A deal of a closed month that was booked in the next one is missing in neither."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from reconcile_support import BOOK, SmallHouse
from sqlalchemy import select

from dealbooks.canonical import compact_json, sha256_hex
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.store import Store
from dealbooks.store.tables import entries


def booked_late(house: SmallHouse, name: str) -> None:
    """Its entries are of 1 April, here and in the ledger, and tell the day that they had."""
    house.kept.listing = [replace(record, date=date(2026, 4, 1)) for record in house.kept.listing]
    with house.store.transaction("test", "book late") as tx:
        pairs = []
        for row in tx.rows(select(entries).where(entries.c.deal_id == name)):
            said = json.loads(row["body"])
            said |= {"accounting_date": "2026-04-01", "original_date": said["accounting_date"]}
            body = compact_json(said)
            pairs.append(
                (row, {"accounting_date": "2026-04-01", "body": body, "body_hash": sha256_hex(body), "state": "posted"})
            )
        tx.change("entries", pairs)


def test_a_late_deal_is_no_exception_of_the_month_that_was_closed(sqlite_store: Store, tmp_path: Path) -> None:
    house = SmallHouse(sqlite_store, tmp_path / "var", day=date(2026, 5, 3))
    house.take("G10")
    house.take("G09", only=())
    house.drain()
    booked_late(house, "G10")
    with house.store.transaction("test", "as posted") as tx:
        tx.conn.exec_driver_sql("update deals set state = 'posted'")
    found = [(one.code, one.subject) for one in reconcile(house, BOOK, "2026-03").exceptions]
    assert found == [("missing_in_ledger", "G09")]  # of which there really is no entry
