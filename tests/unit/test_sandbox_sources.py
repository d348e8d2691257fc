"""`dealbooks sandbox` of a source, and `dealbooks connect` of one: what is printed works as it stands."""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli_support import Cli, make_cli

from dealbooks.cli import connect as connect_command
from dealbooks.starter import write_starter
from sandbox.hubspot import HubSpotSandbox
from sandbox.kit import server as kit_server

SOURCES = {"salesforce": "crm", "hubspot": "crm", "google_sheets": "sheet", "odoo": "erp"}


@contextmanager
def served(monkeypatch: pytest.MonkeyPatch, cli: Cli, *args: str) -> Iterator[str]:
    """Run the command as it is, its server in the background; what it printed."""
    begun: list[Any] = []
    made = kit_server.server

    def beside(*given: Any, **more: Any) -> Any:
        running, bound = made(*given, **more)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        begun.extend((running, thread))

        class Started:
            def run(self, sockets: Any) -> None:
                thread.start()

        return Started(), bound

    monkeypatch.setattr(kit_server, "server", beside)
    result = cli.run("sandbox", *args)
    assert result.exit_code == 0, result.output
    try:
        yield result.output
    finally:
        begun[0].should_exit = True
        begun[1].join()


def pasted(monkeypatch: pytest.MonkeyPatch, cli: Cli, name: str, text: str) -> list[str]:
    """What a person does with it; the lines of the source."""
    found = re.search(rf"(?m)^  {name}:\n(?:    .*\n)+", text)
    assert found is not None
    with cli.config.open("a", encoding="utf-8") as file:
        file.write(found.group())
    for line in text.splitlines():
        if line.startswith("    export "):
            variable, _, value = shlex.split(line)[1].partition("=")
            monkeypatch.setenv(variable, value)
    return found.group().splitlines()


@pytest.mark.parametrize("platform", sorted(SOURCES))
def test_a_source_is_tried_with_what_is_printed(platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli, name = make_cli(tmp_path), SOURCES[platform]
    with served(monkeypatch, cli, platform) as text:
        assert len(pasted(monkeypatch, cli, name, text)) < 10
        checked = cli.run("map", "check", name)
        assert checked.exit_code == 0, checked.output
        assert "Harriet Thackray" in checked.output
        synced = cli.run("sync")
        assert synced.exit_code == 0, synced.output
        assert "6 posted now" in synced.output
        told = "Written back to sheet: how 3 deals stand now." in synced.output
        again = cli.run("sync")
        assert "0 posted now" in again.output
        assert (told, "Written back" in again.output) == (platform == "google_sheets", False)
        refused = cli.run("connect", name)
        assert "needs no consent" in refused.output
        assert "nothing to do" in refused.output


def test_sales_are_of_the_first_location_of_the_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = make_cli(tmp_path, changes=[("      LEEDS: {dimension: Leeds}\n", ""), ("{LEEDS: northgate, ", "{")])
    with served(monkeypatch, cli, "hubspot", "--book", "northgate") as text:
        assert "books: {YORK: northgate}" in text


def test_a_book_of_another_country_has_no_sample_sales(tmp_path: Path) -> None:
    write_starter(tmp_path, "us-fl")
    result = Cli(tmp_path).run("sandbox", "salesforce", "--book", "suncoast")
    assert result.exit_code == 2
    assert "sample sales of salesforce are of the regime uk, and suncoast is of us" in result.output


def test_a_public_app_of_hubspot_is_connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = make_cli(tmp_path)

    def consenting(address: str) -> bool:
        given = httpx.get(address)
        back = given.headers["location"].replace("localhost", "127.0.0.1")
        threading.Thread(target=httpx.get, args=(back,)).start()
        return True

    monkeypatch.setattr(connect_command.webbrowser, "open", consenting)
    with served(monkeypatch, cli, "hubspot") as text:
        address = re.search(r"http://127.0.0.1:\d+", text)
        assert address is not None
        pasted(monkeypatch, cli, "crm", text)
        public = (
            f"grant: code\n    client_id: sandbox-client\n    client_secret: ${{HUBSPOT_SECRET}}\n"
            f"    token_url: {address.group()}/oauth/v1/token\n    authorize_url: {address.group()}/oauth/authorize"
        )
        monkeypatch.setenv("HUBSPOT_SECRET", HubSpotSandbox().settings.client_secret)
        config = cli.config.read_text(encoding="utf-8")
        cli.config.write_text(config.replace("token: ${HUBSPOT_TOKEN}", public), encoding="utf-8")
        assert "crm is not connected" in cli.run("sync").output
        assert "dealbooks connect crm" in cli.run("doctor").output
        connected = cli.run("connect", "crm", "--port", "18765")
        assert connected.exit_code == 0, connected.output
        assert connected.output.splitlines()[-1] == "crm is connected."
        assert "6 posted now" in cli.run("sync").output


def test_what_has_no_name_is_told_what_there_is(tmp_path: Path) -> None:
    result = make_cli(tmp_path).run("connect", "crm")
    assert result.exit_code == 2
    assert "There is no book and no source called 'crm'; there is northgate, drop." in result.output
