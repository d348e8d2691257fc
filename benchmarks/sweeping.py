"""A sweep of 50,000 deals of which 200 changed: the requests made, beside the least that the platform's limits allow.

`python -m benchmarks.sweeping FOLDER [DEALS CHANGED]`. A HubSpot sandbox in this process and in virtual time; what it
computes itself is not counted. The deals that did not change were taken by an earlier sweep.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, select

from benchmarks.process import ROOT
from blocks.sources.hubspot import factory
from dealbooks.canonical import sha256_hex
from dealbooks.config import load_config
from dealbooks.house import House
from dealbooks.pipeline.keys import record_key
from dealbooks.pipeline.sweep import sweep
from dealbooks.starter import write_starter
from dealbooks.store.db import stamp
from dealbooks.store.tables import cursors, inbox
from sandbox.kit import VirtualClock

if str(ROOT / "tests") not in sys.path:  # the account of a dealership
    sys.path.insert(0, str(ROOT / "tests"))

DEALS, CHANGED = 50_000, 200
_SEARCH, _BATCH, _ASSOCIATIONS = 200, 100, 1000  # the most of one call (HubSpot's fact sheet)


def measure(folder: Path, count: int = DEALS, changed: int = CHANGED) -> dict[str, Any]:
    """Requests by kind, the least possible, and processor time."""
    import hubspot_support

    clock = VirtualClock()
    office = hubspot_support.account(clock=clock, per_ten_seconds=100_000, searches_per_second=100_000)
    keys = [office.hand.make("deals", dealname=f"Deal {number}") for number in range(count - changed)]
    clock.sleep(3600)
    calls: Counter[str] = Counter()
    sandbox = 0.0
    handle = office.box.handle

    def counted(call: Any) -> Any:
        nonlocal sandbox
        began = time.process_time()
        calls[_kind(call.path)] += 1
        try:
            return handle(call)
        finally:
            sandbox += time.process_time() - began

    house_file = _write(folder, hubspot_support.given_settings(office))
    made, factory.build = factory.build, lambda **how: hubspot_support.source_of(office, how["fields"])
    try:
        with House.open(load_config(house_file), clock=clock.now) as house:
            _take_before(house, keys, clock)
            clock.sleep(600)
            for number in range(changed):
                office.deal(number)
            clock.sleep(600)
            office.box.handle = counted  # type: ignore[method-assign]
            house.source("crm").get_ready()
            at_start = sum(calls.values())
            calls.clear()
            sandbox, began, cpu = 0.0, time.perf_counter(), time.process_time()
            swept = sweep(house, "crm")
            cpu, wall = time.process_time() - cpu - sandbox, time.perf_counter() - began
            with house.store.read() as conn:
                rows = conn.execute(select(func.count()).select_from(inbox)).scalar_one()
    finally:
        factory.build = made
    if (swept.new, rows) != (changed, count):
        raise SystemExit(f"{swept.new} of {changed} changed deals were taken, {rows} of {count} rows are there")
    least = {
        "search": -(-changed // _SEARCH),
        "deals": -(-changed // _BATCH),
        "associations": 2 * -(-changed // _ASSOCIATIONS),  # with line items, with contacts
        "line items": -(-changed // _BATCH),
        "contacts": -(-changed // _BATCH),
    }
    return {
        "deals": count, "changed": changed, "requests": sum(calls.values()), "least": sum(least.values()),
        "by_kind": dict(sorted(calls.items())), "least_by_kind": least, "at_start": at_start,
        "cpu_seconds": round(cpu, 3), "wall_seconds": round(wall, 3), "sandbox_seconds": round(sandbox, 3),
    }  # fmt: skip


def _kind(path: str) -> str:
    parts = [part for part in path.split("?")[0].split("/") if part]
    if "search" in parts:
        return "search"
    if "associations" in parts:
        return "associations"
    for part, name in (("line_items", "line items"), ("contacts", "contacts"), ("deals", "deals")):
        if part in parts and "objects" in parts:
            return name
    return "settings"


def _write(folder: Path, given: Mapping[str, Any]) -> Path:
    write_starter(folder, "uk")
    path = folder / "dealbooks.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    (book,) = data["books"]
    data["store"] = "sqlite:///store.db"
    data["books"][book]["source_of_record"] = "crm"
    data["sources"] = {"crm": {"platform": "hubspot", "books": {"LEEDS": book}, **given}}
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


def _take_before(house: House, keys: list[str], clock: VirtualClock) -> None:
    """As an earlier sweep leaves the store: a row of each deal, and the place where the next one goes on."""
    body = "{}"
    hashed = sha256_hex(body)
    with house.store.transaction("benchmark", "an earlier sweep") as tx:
        ids = tx.next_ids("inbox", len(keys))
        batch = tx.next_ids("batches")[0]
        tx.insert(
            "batches",
            [
                {
                    "id": batch, "source": "crm", "state": "validated", "row_count": len(keys), "summary": "{}",
                    "created_at": tx.at,
                }
            ],
        )  # fmt: skip
        rows = [
            {
                "id": number, "source": "crm", "dedupe_key": f"{record_key('hubspot', 'crm', key)}#1", "kind": "deal",
                "natural_key": record_key("hubspot", "crm", key), "content_hash": hashed, "revision": "[1, 0, 0]",
                "action": "post", "state": "accepted", "batch_id": batch, "file_id": None, "place": key, "body": body,
                "body_hash": hashed, "deal_id": None, "version": None, "note": "", "received_at": tx.at,
            }
            for number, key in zip(ids, keys, strict=True)
        ]  # fmt: skip
        tx.insert("inbox", rows)
        since = clock.now() - timedelta(seconds=60)
        place = {"cursor": {"at": since.isoformat()}, "asked_at": stamp(clock.now())}
        tx.conn.execute(cursors.insert(), [{"source": "crm", "body": json.dumps(place), "updated_at": tx.at}])


def show(found: Mapping[str, Any]) -> None:
    """Print the figures."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in found["by_kind"].items())
    print(
        f"\nsweep of {found['deals']} deals of HubSpot, {found['changed']} changed: {found['requests']} requests"
        f" ({kinds}), at least {found['least']} are needed; {found['at_start']} more when a process begins\n"
        f"  {found['cpu_seconds']:.2f} s of processor time, {found['cpu_seconds'] / found['changed'] * 1000:.1f} ms a"
        " changed deal"
    )


def main() -> None:
    """Measure, print the figures, and last as JSON."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    found = measure(folder, *(int(one) for one in sys.argv[2:4]))
    show(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
