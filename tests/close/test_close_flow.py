"""The close as a flow on a real, throwaway Prefect server: suspended for days, signed by a form, begun again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from close_support import BOOK, PERIOD, copy_of, september
from pipeline_support import Dealership, sale
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow_async
from prefect.input.run_input import keyset_from_paused_state
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from dealbooks.pack import verify_pack
from flows.close_form import Decision
from flows.period_close import period_close

pytestmark = [pytest.mark.prefect, pytest.mark.long]

T = TypeVar("T")


@pytest.fixture(scope="module")
def _server() -> Iterator[None]:
    with (
        prefect_test_harness(server_startup_timeout=180),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.fixture
def shop(_server: None, tmp_path: Path) -> Iterator[Dealership]:
    made = copy_of(september(tmp_path / "template"), tmp_path / "shop")
    made.close()
    yield made
    made.close()


def ask(question: Callable[[PrefectClient], Awaitable[T]]) -> T:
    """Ask the server something."""

    async def run() -> T:
        async with get_client() as client:
            return await question(client)

    return asyncio.run(run())


def deployed(shop: Dealership) -> UUID:
    """A run of a deployment of the close, not begun yet."""

    async def make(client: PrefectClient) -> UUID:
        flow = await client.create_flow(period_close)
        deployment = await client.create_deployment(flow, "test")
        made = await client.create_flow_run_from_deployment(
            deployment, parameters={"config": str(shop.config_file), "book": BOOK, "period": PERIOD}
        )
        return made.id

    return ask(make)


def go(run: UUID) -> FlowRun:
    """What a worker does when the run is due: it begins at the top. How it stands after that."""
    found = ask(lambda client: client.read_flow_run(run))
    flow: Any = period_close
    with suppress(Pause):  # the process of a run that is suspended ends with it
        asyncio.run(run_flow_async(flow, flow_run=found, parameters=found.parameters, return_type="state"))
    return ask(lambda client: client.read_flow_run(run))


def form_of(run: FlowRun) -> tuple[str, dict[str, Any]]:
    """What a person reads in the UI, and the fields of the form."""
    assert run.state is not None
    keys = keyset_from_paused_state(run.state)
    found = ask(lambda client: client.read_flow_run_input(run.id, keys["schema"]))
    schema = json.loads(found) if isinstance(found, str) else found
    return schema["properties"]["who"]["description"], schema


def answer(run: UUID, **given: Any) -> None:
    """Fill the form in, as the UI does."""
    sent = {"who": "Ann Lee", "decision": Decision.SIGN.value, "note": "seen", **given}
    result = ask(lambda client: client.resume_flow_run(run, run_input=sent))
    assert str(result.status).endswith("ACCEPT"), result


def rows(schema: dict[str, Any], note: str) -> list[dict[str, str]]:
    """The rows of the form, each with a note."""
    return [{**row, "note": note} for row in schema["properties"]["accepted"]["default"]]


def state_of(run: FlowRun) -> tuple[str, str]:
    assert run.state is not None
    return run.state.type.value, str(run.state.name)


def test_a_month_is_signed_in_the_ui(shop: Dealership) -> None:
    run = deployed(shop)
    waits = go(run)
    assert state_of(waits) == ("PAUSED", "Suspended")
    text, schema = form_of(waits)
    assert "exceptions stand in the way" in text
    assert "Thackray" not in text + json.dumps(schema), "no customer's data in Prefect"

    answer(run)  # accepts nothing
    waits = go(run)
    assert state_of(waits) == ("PAUSED", "Suspended")
    text, schema = form_of(waits)
    assert "still stand in the way" in text

    shop.sales(25, sale(7))  # a deal comes in after the report was shown
    shop.sync()
    shop.close()
    answer(run, accepted=rows(schema, "known"))
    waits = go(run)
    assert state_of(waits) == ("PAUSED", "Suspended")
    text, schema = form_of(waits)
    assert "the signature does not count" in text
    assert not list(shop.folder.glob("var/closes/**/certificate.json"))

    answer(run, accepted=rows(schema, "known"))
    done = go(run)
    assert state_of(done) == ("COMPLETED", "Closed"), done.state
    certificate = shop.folder / "var" / "closes" / BOOK / PERIOD / "certificate.json"
    told = json.loads(certificate.read_text("utf-8"))
    assert told["signed_by"] == "Ann Lee"
    assert {one["note"] for one in told["accepted"]} == {"known"}
    assert verify_pack(certificate.parent / "pack").problems == ()
    assert state_of(go(deployed(shop))) == ("COMPLETED", "Closed"), "one that is closed already"


def test_a_decline_ends_the_run(shop: Dealership) -> None:
    run = deployed(shop)
    go(run)
    answer(run, decision=Decision.DECLINE.value, note="the stock count is missing")
    assert state_of(go(run)) == ("COMPLETED", "Declined")
    assert [row["state"] for row in shop.rows("signoffs")] == ["declined"]


def test_books_fail_apart_from_each_other(shop: Dealership) -> None:
    config = str(shop.config_file)
    flow: Any = period_close
    state = asyncio.run(flow(config, f"nowhere, {BOOK}", PERIOD, return_state=True))
    assert state.is_failed()
    assert "There is no book called 'nowhere'" in str(state.message)
    assert f"{BOOK} {PERIOD} agrees" in str(state.message)
