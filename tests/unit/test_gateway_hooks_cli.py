"""`dealbooks hooks`: where to send, and a sample that goes all the way into the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from cli_support import Cli, make_cli
from fastapi.testclient import TestClient
from gateway_support import ADDRESS_SECRET, HOOKS, stored

from dealbooks.config import load_config
from dealbooks.config_told import HookConfig, SchemeName
from dealbooks.errors import ConfigError
from dealbooks.house import House
from dealbooks.store import Store
from gateway.app import create_app
from gateway.schemes import SCHEMES


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    made = make_cli(tmp_path / "house")
    hooks = {name: {"scheme": name} | settings for name, settings in HOOKS.items()}
    with made.config.open("a", encoding="utf-8") as file:
        file.write(f"hooks: {json.dumps(hooks)}\n")
    return made


def _through(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the command post to this gateway; the addresses that it posts to."""
    called: list[str] = []

    def post(url: str, **arguments: Any) -> httpx.Response:
        called.append(url)
        arguments.pop("timeout")
        answer = client.post(httpx.URL(url).raw_path.decode(), **arguments)
        return httpx.Response(answer.status_code, text=answer.text)

    monkeypatch.setattr(httpx, "post", post)
    return called


def test_a_sample_of_every_scheme_arrives(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config(cli.config)
    with House.open(config):
        pass
    with TestClient(create_app(config)) as client:
        called = _through(client, monkeypatch)
        for name in HOOKS:
            sent = cli.json("hooks", "send", name, "--sample")
            assert sent["status"] in (200, 202)
        cli.run("hooks", "send", "stripe", "--sample", "--to", "https://books.example.com/hooks/stripe")
    store = Store(f"sqlite:///{cli.folder / 'var' / 'dealbooks.db'}")
    rows = stored(store)
    store.close()
    assert {row["hook"] for row in rows} == set(HOOKS)
    assert {row["state"] for row in rows} == {"sample"}
    assert called[0] == "http://127.0.0.1:4280/hooks/standard"
    assert f"http://127.0.0.1:4280/hooks/odoo/{ADDRESS_SECRET}" in called
    assert called[-1] == "https://books.example.com/hooks/stripe"


def test_list_says_where_to_send_and_shows_no_secret(cli: Cli) -> None:
    found = {one["name"]: one for one in cli.json("hooks", "list")}
    assert found["hubspot"]["send_to"] == "https://gateway.example.test/hooks/hubspot"
    assert found["odoo"]["send_to"] == "https://YOUR-GATEWAY/hooks/odoo/<SECRET>"
    assert found["stripe"]["try"] == "dealbooks hooks send stripe --sample"
    shown = cli.run("hooks", "list").output
    assert "/hooks/salesforce/<SECRET>" in shown
    assert ADDRESS_SECRET not in shown


def test_what_goes_wrong_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "Give either --sample or --file" in cli.run("hooks", "send", "stripe").output
    assert "There is no webhook called 'none'" in cli.run("hooks", "send", "none", "--sample").output
    missing = cli.run("hooks", "send", "stripe", "--file", str(tmp_path / "none.json"))
    assert "cannot be read" in missing.output
    away = cli.run("hooks", "send", "stripe", "--sample", "--to", "http://127.0.0.1:9")
    assert (away.exit_code, "There is no gateway at http://127.0.0.1:9" in away.output) == (3, True)

    def refuse(_url: str, **_: Any) -> httpx.Response:
        return httpx.Response(401, text="no")

    monkeypatch.setattr(httpx, "post", refuse)
    refused = cli.run("hooks", "send", "stripe", "--sample")
    assert (refused.exit_code, "The gateway answered 401: no" in refused.output) == (3, True)


@pytest.mark.parametrize(
    ("hooks", "words"),
    [
        ("{a: {scheme: stripe, secrets: [s], source: none}}", "hooks.a.source: there is no source 'none'"),
        ("{A B: {scheme: stripe, secrets: [s]}}", "a name is a small letter"),
        ("{a: {scheme: stripe, secrets: ['${NOT_SET_ANYWHERE}']}}", "NOT_SET_ANYWHERE, which is not set"),
        ("{a: {scheme: fax, secrets: [s]}}", "hooks.a.scheme"),
    ],
)
def test_a_wrong_webhook_is_a_configuration_error(tmp_path: Path, hooks: str, words: str) -> None:
    path = tmp_path / "dealbooks.yaml"
    path.write_text(f"books: {{}}\nsources: {{}}\nhooks: {hooks}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        load_config(path)


def test_every_scheme_that_may_be_named_is_there() -> None:
    assert set(get_args(SchemeName)) == set(SCHEMES) == set(HOOKS)
    assert HookConfig.model_validate({"scheme": "gocardless", "secrets": [1234], "account": 4242}).account == "4242"


def test_a_house_without_webhooks(tmp_path: Path) -> None:
    assert "No webhooks are set" in make_cli(tmp_path / "plain").run("hooks", "list").output
