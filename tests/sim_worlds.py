"""One world a ledger: a sandbox with the UK chart, and the way in which a process connects to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import odoo_support
import quickbooks_support
import xero_support
from pydantic import SecretStr
from sim_checker import Held, read_odoo, read_quickbooks, read_xero

from blocks.ledgers.odoo.factory import connect as connect_odoo
from blocks.ledgers.odoo.settings import OdooSettings
from blocks.ledgers.quickbooks import QuickBooksSettings, connected
from blocks.ledgers.xero import XeroSettings
from blocks.ledgers.xero import connected as connect_xero
from dealbooks.book import Book, Chart
from dealbooks.charts import load_chart
from dealbooks.ledger import Ledger
from dealbooks.oauth import Token
from dealbooks.registry import Services
from dealbooks.store import Store
from sandbox.kit import Platform, VirtualClock
from sandbox.quickbooks import QuickBooksSandbox
from sandbox.quickbooks import Settings as QuickBooksSandboxSettings
from sandbox.xero import Settings as XeroSandboxSettings
from sandbox.xero import XeroSandbox

BOOK = "book"
Connect = Callable[[Store, Path, httpx.BaseTransport], Ledger]


@dataclass(frozen=True)
class World:
    """A platform, and what a simulation needs to know of it. `codes` are the account codes of our roles; `consent`
    is a person who connects anew."""

    name: str
    platform: Platform
    clock: VirtualClock
    codes: Mapping[str, str]
    connect: Connect
    held: Callable[[], Held]
    consent: Callable[[Ledger], None] = lambda _ledger: None


def _codes(chart: Chart) -> dict[str, str]:
    return {role: account.number for role, account in chart.roles.items()}


def odoo() -> World:
    """Odoo 19 over JSON-2."""
    office = odoo_support.office("uk", "GBP")
    assert office.book.chart is not None
    settings = OdooSettings(
        url="http://odoo.test", database="books", api_key=SecretStr(office.box.api_key), taxes=odoo_support.TAXES["uk"]
    )
    ids = {
        str(number): str(office.box.look("account.account", number, "code")["code"])
        for number in office.box.find("account.account")
    }

    def connect(_store: Store, _folder: Path, transport: httpx.BaseTransport) -> Ledger:
        client = httpx.Client(transport=transport, base_url="http://odoo.test")
        return connect_odoo(office.book, settings, client, office.clock)

    return World(
        "odoo", office.box, office.clock, _codes(office.book.chart), connect, lambda: read_odoo(office.box.log, ids)
    )


def quickbooks(at_once: int = 1) -> World:
    """QuickBooks Online in the United Kingdom. One call at a time: a seed must repeat itself."""
    clock = VirtualClock()
    setup = quickbooks_support.company("uk")
    sandbox = QuickBooksSandbox([setup], settings=QuickBooksSandboxSettings(), clock=clock)
    chart = load_chart("uk")
    book = Book(BOOK, "", "GBP", "uk", chart=chart)
    settings = QuickBooksSettings(
        realm_id=setup.realm, client_id="sandbox-app", client_secret=SecretStr("sandbox-secret"),
        base_url="http://quickbooks.test", token_url="http://quickbooks.test/oauth2/v1/tokens/bearer",
        calls_at_once=at_once,
    )  # fmt: skip
    ids = {str(row["Id"]): str(row["AcctNum"]) for row in setup.lists["Account"]}
    own = sandbox.company().own

    def connect(store: Store, folder: Path, transport: httpx.BaseTransport) -> Ledger:
        return connected(book, settings, Services(store, folder), transport=transport, pace=clock)

    def consent(ledger: Any) -> None:
        given = sandbox.connect()
        ledger.tokens.keep(Token(given["access_token"], clock.now(), given["refresh_token"]))

    def held() -> Held:
        return read_quickbooks(sandbox.log, ids, own["AccountsReceivable"], own["SalesTaxPayable"])

    return World("quickbooks", sandbox, clock, _codes(chart), connect, held, consent)


class _XeroRig(xero_support.Rig):
    """The sandbox with its chart; stores and ledgers are a simulation's own."""

    def __init__(self, **behaves: Any) -> None:
        self.country = xero_support.COUNTRIES["uk"]
        self.clock = VirtualClock()
        self.sandbox = XeroSandbox(XeroSandboxSettings(country=self.country.code, **behaves), clock=self.clock)
        self.chart = xero_support.chart_of(self.country)
        self._furnish(("cash.bank", "cash.undeposited"))

    @property
    def settings(self) -> dict[str, Any]:
        """Those of a ledger, with Xero's own limits."""
        given = self._own()
        del given["per_minute"], given["per_day"]
        return given


def xero(at_once: int = 1) -> World:
    """Xero in the United Kingdom, a custom connection. One call at a time, as above."""
    return _xero("xero", _XeroRig(), concurrent=at_once)


def keyless() -> World:
    """The same Xero with keys that are forgotten at once, and a ledger that knows it: only the outbox protects."""
    return _xero("xero-keyless", _XeroRig(key_life=0.0), key_seconds=0.0)


def _xero(name: str, rig: _XeroRig, **settings: Any) -> World:
    sandbox = rig.sandbox
    ids = {str(account["AccountID"]): str(account["Code"]) for account in sandbox.books.all("Account")}
    book = Book(BOOK, "ENTITY", "GBP", "uk", chart=rig.chart)
    given = XeroSettings.read(BOOK, rig.settings | settings)

    def connect(store: Store, folder: Path, transport: httpx.BaseTransport) -> Ledger:
        return connect_xero(book, given, Services(store, folder), pace=rig.clock, transport=transport)

    def held() -> Held:
        return read_xero(sandbox.log, ids, xero_support.DEBTORS, xero_support.TAX)

    return World(name, sandbox, rig.clock, _codes(rig.chart), connect, held)


WORLDS: Mapping[str, Callable[[], World]] = {"odoo": odoo, "quickbooks": quickbooks, "xero": xero}
ALL: Mapping[str, Callable[[], World]] = {**WORLDS, "xero-keyless": keyless}
