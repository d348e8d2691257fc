"""A new house on a ledger over HTTP, as a person sets it up: `init`, settings of the sandbox, `connect`."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cli_support import BOOK, Cli
from pipeline_support import LightValidator
from typer.testing import CliRunner, Result

from dealbooks.charts import load_chart
from dealbooks.cli.app import app
from dealbooks.house import House
from dealbooks.starter import write_starter
from sandbox.kit import Platform
from sandbox.kit.sample import SampleAccount, SampleBooks
from sandbox.kit.server import serving
from sandbox.quickbooks import QuickBooksSandbox
from sandbox.quickbooks.limits import Limits
from sandbox.xero import XeroSandbox

SECRET_NAMES = {
    "quickbooks": ("client_secret", "QUICKBOOKS_CLIENT_SECRET"),
    "xero": ("client_secret", "XERO_CLIENT_SECRET"),
    "odoo": ("api_key", "ODOO_API_KEY"),
}


class Walk:
    """A house, the stand-in that its book is kept in, and everything that its commands said."""

    def __init__(self, cli: Cli, platform: str, box: Platform, address: str, secret: str) -> None:
        self.cli = cli
        self.platform = platform
        self.box: Any = box
        self.address = address
        self.secret = secret
        self.said = ""
        self.given: set[str] = set()  # tokens that the stand-in gave, where a test notes them

    def run(self, *args: str, code: int | None = None) -> Result:
        """A command; what it says is kept."""
        result = self.cli.run(*args)
        self.said += result.output + (result.stderr or "")
        assert code is None or result.exit_code == code, result.output
        return result

    def connect(self) -> Result:
        """`dealbooks connect`, with a browser that gives consent."""
        with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
            patch.setattr("webbrowser.open", lambda page: pool.submit(httpx.get, page, follow_redirects=True))
            result = CliRunner().invoke(
                app, ["--config", str(self.cli.config), "connect", BOOK, "--port", str(_free_port()), "--open"]
            )
        self.said += result.output
        return result

    def settings(self, **changes: Any) -> None:
        """Change settings of the ledger in dealbooks.yaml; None takes one out."""
        data = yaml.safe_load(self.cli.config.read_text(encoding="utf-8"))
        ledger = data["books"][BOOK]["ledger"]
        for name, value in changes.items():
            if value is None:
                ledger.pop(name, None)
            else:
                ledger[name] = value
        self.cli.config.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _without_limits(box: Any) -> None:
    """Time is real here: a stand-in that takes any number of calls."""
    if isinstance(box, QuickBooksSandbox):
        box._limits = Limits(replace(box.settings, per_second=100_000, per_minute=100_000))
    elif isinstance(box, XeroSandbox):
        box.settings.per_minute = 100_000


@contextlib.contextmanager
def walking(folder: Path, platform: str, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Iterator[Walk]:
    """A house whose ledger is a stand-in behind a port; `more` are further settings of the ledger."""
    write_starter(folder, "uk", ledger=platform)
    cli = Cli(folder)
    data = yaml.safe_load(cli.config.read_text(encoding="utf-8"))
    data["sources"]["drop"]["completeness"] = {"kind": "none"}
    accounts = data["books"][BOOK].get("accounts", {})
    chart = load_chart("uk", accounts)
    books = SampleBooks(
        "Northgate Motors Ltd", "GB", "GBP",
        [SampleAccount(role, one.number, one.name, one.type) for role, one in chart.roles.items()],
        [place["dimension"] for place in data["books"][BOOK]["locations"].values()],
    )  # fmt: skip
    box, found = import_module(f"sandbox.{platform}.furnish").furnished(books)
    _without_limits(box)
    name, variable = SECRET_NAMES[platform]
    monkeypatch.setenv(variable, found.secrets[name])
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setattr(House, "validator", LightValidator())  # its checks are beside the point
    with serving(box) as address:
        ledger = data["books"][BOOK]["ledger"]
        ledger.update(found.settings)
        ledger.update({key: f"{address}{path}" for key, path in found.addresses.items()})
        ledger.update(more)
        assert re.fullmatch(r"\$\{\w+\}", ledger[name])
        cli.config.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        yield Walk(cli, platform, box, address, found.secrets[name])
