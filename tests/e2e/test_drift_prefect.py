"""The drift watch on a real, throwaway Prefect server: events, one message, a table; told once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pipeline_support import Dealership, sale
from prefect.blocks.abstract import NotificationBlock
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from flows import reports
from flows.drift_watch import drift_watch

pytestmark = [pytest.mark.prefect, pytest.mark.long]
_SENT: list[tuple[str, str]] = []
_BROKEN: list[bool] = []


class Office(NotificationBlock):
    """Keeps what it is told, or fails."""

    _block_type_slug = "office"
    address: str = "https://hooks.example.test/verysecret"

    async def notify(self, body: str, subject: str | None = None) -> None:
        if _BROKEN:
            raise RuntimeError(self.address)
        _SENT.append((subject or "", body))


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    with (
        prefect_test_harness(server_startup_timeout=180),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        Office().save("controller", _sync=True)  # type: ignore[call-arg]
        yield


@pytest.fixture
def shop(server: None, tmp_path: Path) -> Iterator[Dealership]:
    made = Dealership(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")
    made.settings["notify"] = ["office/controller"]
    made.write_config()
    made.sales(11, sale(1), sale(2))
    made.sync()
    made.close()
    _SENT.clear()
    _BROKEN.clear()
    yield made
    made.close()


def run(shop: Dealership, **more: Any) -> State[Any]:
    state: State[Any] = asyncio.run(drift_watch(str(shop.config_file), return_state=True, **more))
    return state


def shown() -> str:
    async def latest() -> Any:
        async with get_client() as client:
            return await client.read_latest_artifacts()

    return next(str(one.data) for one in asyncio.run(latest()) if one.key == "drift-northgate")


def test_a_change_is_told_once_by_event_message_and_table(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(reports, "emit_event", lambda **given: events.append(given))
    assert run(shop).name == "Quiet"
    assert (_SENT, events) == ([], [])
    next(path for path in sorted((shop.folder / "books").rglob("ledger/*/*.beancount")) if path.stem != "none").unlink()
    found = run(shop, book="northgate")
    assert found.name == "Drift"
    ((subject, body),) = _SENT
    assert subject == "northgate: 1 change in the ledger"
    assert "deleted in the ledger" in body
    ((event),) = events
    assert (event["event"], event["payload"]["code"]) == ("dealbooks.drift.found", "deleted_in_ledger")
    assert "deleted_in_ledger" in shown()
    assert run(shop).name == "Drift"
    assert len(_SENT) == len(events) == 1


def test_what_a_block_did_not_take_is_told_by_the_next_run(shop: Dealership) -> None:
    assert run(shop).name == "Quiet"
    next(path for path in sorted((shop.folder / "books").rglob("ledger/*/*.beancount")) if path.stem != "none").unlink()
    _BROKEN.append(True)
    failed = run(shop)
    assert failed.is_failed()
    assert "could not be sent by the block office/controller" in str(failed.message)
    assert "verysecret" not in str(failed.message)
    _BROKEN.clear()
    assert run(shop).name == "Drift"
    assert len(_SENT) == 1


def test_a_book_that_fails_does_not_stop_the_others(shop: Dealership) -> None:
    other = {**shop.book, "legal_entity": "OTHER", "ledger": {"platform": "beancount", "path": "books/other"}}
    shop.settings["books"]["other"] = other
    shop.write_config()
    assert run(shop).name == "Quiet"
    (shop.folder / "books" / "northgate" / "main.beancount").write_text('include "nothing.beancount"\n( \n')
    state = run(shop)
    assert state.is_failed()
    assert "no longer has the line" in str(state.message)
    assert "other: 0 findings wait for a person" in str(state.message)
