"""For tests of the fast lane: a CRM in memory, events as the gateway stores them, an intake without Prefect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pipeline_support import Dealership, LightValidator
from prefect.settings import PREFECT_API_URL, temporary_settings
from sweep_support import FakeCrm, crm_shop

from dealbooks.canonical import sha256_hex
from dealbooks.house import House
from dealbooks.store import Store
from dealbooks.store.db import utc_now
from dealbooks.store.tables import events
from flows import lane
from flows.intake import Intake

NOWHERE = "http://127.0.0.1:9/api"
WAIT = 60.0
GAPS = (0.05, 0.1, 0.2, *[0.3] * 200)


class ReadyValidator(LightValidator):
    """Needs no engine."""

    def get_ready(self) -> None:
        """Nothing to load."""


def shop_of(folder: Path, patch: pytest.MonkeyPatch, store_url: str = "") -> tuple[Dealership, FakeCrm]:
    """A dealership whose deals are in a CRM, and which a webhook of it tells; time is real."""
    crm = FakeCrm(clock=utc_now)
    shop = crm_shop(folder, patch, crm, store_url)
    shop.settings["hooks"] = {"crm": {"scheme": "signed", "source": "crm", "secrets": ["gateway-secret-01"]}}
    shop.write_config()
    with shop.open():
        pass
    patch.setattr(House, "validator", ReadyValidator())
    patch.setattr(lane, "BUSY_GAPS", GAPS)
    patch.setattr(lane, "LATE_GAPS", GAPS[:12])
    return shop, crm


def tell(shop: Dealership, *keys: str, kind: str = "deal.completed", again: str = "") -> None:
    """What the gateway stores when the CRM tells about deals."""
    with shop.open() as house:
        tell_store(house.store, *keys, kind=kind, again=again)


def tell_store(store: Store, *keys: str, kind: str = "deal.completed", again: str = "") -> None:
    """See `tell`."""
    with store.transaction("gateway", "take events") as tx:
        rows: list[dict[str, Any]] = [
            {
                "id": number, "hook": "crm", "scheme": "signed", "source": "crm", "kind": kind,
                "dedupe_key": f"{kind} {key} {again}", "deal_ref": "", "object_ids": json.dumps({"deal": key}),
                "text": "", "amount": "", "currency": "", "occurred_at": "",
                "body": "{}", "body_hash": sha256_hex("{}"),
                "state": "new", "deal_id": None, "note": "", "received_at": tx.at,
            }
            for number, key in zip(tx.next_ids("events", len(keys)), keys, strict=True)
        ]  # fmt: skip
        tx.conn.execute(events.insert(), rows)


@asynccontextmanager
async def running(shop: Dealership, **options: Any) -> AsyncIterator[asyncio.Task[str]]:
    """The fast lane at work, with Prefect away; its task gives why it ended."""
    stop, ready = asyncio.Event(), asyncio.Event()
    with temporary_settings({PREFECT_API_URL: NOWHERE}):
        intake = Intake(shop.config_file, **options)
        task = asyncio.create_task(intake.run(stop, ready=ready.set))
        try:
            await asyncio.wait_for(_first(task, ready), WAIT)
            yield task
        finally:
            stop.set()
            await task


async def _first(task: asyncio.Task[str], ready: asyncio.Event) -> None:
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""

    async def look() -> None:
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.02)

    await asyncio.wait_for(look(), WAIT)
