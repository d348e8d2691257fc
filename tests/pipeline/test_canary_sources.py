"""No secret of a source or a webhook shows anywhere: as test_canary_secrets does for ledgers."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hubspot_support
import odoo_sales_support
import pytest
import salesforce_support
import uvicorn
from canary_support import Spy, echo, leaks, left_in, listening
from cli_support import make_cli
from gateway_support import HOOKS
from pipeline_support import Dealership

from blocks.sources.hubspot import factory as hubspot_factory
from blocks.sources.odoo import factory as odoo_factory
from blocks.sources.salesforce import factory as salesforce_factory
from dealbooks.config import load_config
from dealbooks.errors import DealbooksError
from dealbooks.house import House
from gateway.app import create_app
from sandbox.kit import Answer, Call, Fault, VirtualClock

pytestmark = pytest.mark.long

CANARY = "canary-of-a-source-4be19a70c3"
HOOK = "canary0of0a0webhook06d2f81a9c5e0"


@pytest.fixture
def spy() -> Iterator[Spy]:
    with listening() as made:
        yield made


def _salesforce(clock: VirtualClock) -> tuple[Any, dict[str, Any], Any, Callable[..., Any], set[str]]:
    office = salesforce_support.org(clock=clock, client_secret=CANARY)
    given = {"client_secret": CANARY}
    return (
        office, salesforce_support.given_settings(**given), salesforce_factory,
        lambda **how: salesforce_support.source_of(office, how["fields"], **given), {CANARY},
    )  # fmt: skip


def _hubspot(clock: VirtualClock) -> tuple[Any, dict[str, Any], Any, Callable[..., Any], set[str]]:
    office = hubspot_support.account(clock=clock, private_token=CANARY)
    return (
        office, hubspot_support.given_settings(office), hubspot_factory,
        lambda **how: hubspot_support.source_of(office, how["fields"]), {CANARY},
    )  # fmt: skip


def _odoo(clock: VirtualClock) -> tuple[Any, dict[str, Any], Any, Callable[..., Any], set[str]]:
    office = odoo_sales_support.erp(clock=clock)
    given = odoo_sales_support.settings_of(office.box)
    return (
        office, given, odoo_factory,
        lambda **how: odoo_sales_support.source_of(office, how["fields"]), {str(given["api_key"])},
    )  # fmt: skip


@pytest.mark.parametrize("made_by", [_salesforce, _hubspot, _odoo], ids=["salesforce", "hubspot", "odoo"])
def test_no_secret_of_a_source_shows(
    made_by: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spy: Spy, capfd: pytest.CaptureFixture[str]
) -> None:
    clock = VirtualClock()
    office, given, factory, build, canaries = made_by(clock)
    monkeypatch.setattr(factory, "build", build)
    shop = Dealership(tmp_path / "shop", f"sqlite:///{tmp_path / 'store.db'}", clock=clock.now, source_of_record="crm")
    platform = factory.__name__.split(".")[-2]
    kept = {name: "${CANARY}" if str(value) in canaries else value for name, value in given.items()}
    monkeypatch.setenv("CANARY", next(iter(canaries)))
    shop.settings["sources"] = {"crm": {"platform": platform, "books": {"LEEDS": "northgate"}, **kept}}
    shop.write_config()
    clock.sleep(15 * 86_400)
    (office.order if platform == "odoo" else office.deal)(1)
    office.faults.order([Fault.SERVER_ERROR, Fault.RESET, None, Fault.TOKEN_EXPIRED])
    handle = office.box.handle

    def echoing(call: Call) -> Answer:
        said = echo(call).decode()
        body = {"message": said, "error": said, "error_description": said, "errorCode": "X", "category": said}
        return Answer(400, json.dumps([body] if platform == "salesforce" else body).encode())

    for answer in (handle, handle, echoing, handle):
        monkeypatch.setattr(office.box, "handle", answer)
        clock.sleep(900)
        spy.stream.write(repr(shop.sync().as_json()))
        with shop.open() as house:
            spy.stream.write(repr(house.config) + repr(vars(house.source("crm"))))
            try:
                spy.stream.write(repr(house.source("crm").problems()))
                house.source("crm").fetch("1")
            except DealbooksError as error:
                spy.error(error)
    assert {row["state"] for row in shop.deals().values()} == {"posted"}
    shop.close()
    if platform == "salesforce":
        canaries |= set(office.box.identity._sessions)
        assert len(canaries) > 1
    captured = capfd.readouterr()
    places = left_in(tmp_path) | {
        "logs and errors": spy.stream.getvalue().encode(), "output": (captured.out + captured.err).encode()
    }  # fmt: skip
    assert b"httpx" in places["logs and errors"]
    assert not leaks(places, canaries)


@contextlib.contextmanager
def _gateway(config: Path) -> Iterator[str]:
    """The gateway behind a port, run as `dealbooks up` runs it."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        app = create_app(load_config(config))
        running = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join()


def test_no_secret_of_a_webhook_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spy: Spy) -> None:
    """Secrets that sign, and secrets that stand in the address of a sender which signs nothing."""
    cli = make_cli(tmp_path / "house")
    secrets = {name: f"{HOOK}{name.replace('_', '0')}" for name in HOOKS if name != "standard"}
    for name, secret in secrets.items():
        monkeypatch.setenv(f"HOOK_{name.upper()}", secret)
    hooks = {
        name: {"scheme": name} | HOOKS[name] | {"secrets": [f"${{HOOK_{name.upper()}}}"]} for name in secrets
    }  # fmt: skip
    with cli.config.open("a", encoding="utf-8") as file:
        file.write(f"hooks: {json.dumps(hooks)}\n")
    with House.open(load_config(cli.config)):
        pass
    said = ""
    with _gateway(cli.config) as address:
        for name in secrets:
            sent = cli.run("hooks", "send", name, "--sample", "--to", address)
            assert sent.exit_code == 0, sent.output
            monkeypatch.setenv(f"HOOK_{name.upper()}", f"{HOOK}another")
            refused = cli.run("--debug", "hooks", "send", name, "--sample", "--to", address)
            assert refused.exit_code == 3, refused.output
            monkeypatch.setenv(f"HOOK_{name.upper()}", secrets[name])
            said += sent.output + refused.output
    away = cli.run("--debug", "hooks", "send", "odoo", "--sample", "--to", "http://127.0.0.1:9")
    for result in (away, cli.run("hooks", "list"), cli.run("status", "--json"), cli.run("doctor")):
        said += result.output
    logging.getLogger("gateway").debug("the end")
    places = left_in(cli.folder) | {"said": said.encode(), "logs": spy.stream.getvalue().encode()}
    assert b"odoo" in places["dealbooks.db, table events"]
    assert b"the end" in places["logs"]
    assert not leaks(places, {*secrets.values(), f"{HOOK}another"})
