"""The Prefect block of an Odoo ledger: its settings and its key, editable in the Prefect UI."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.ledgers.odoo.ledger import OdooLedger
from dealbooks import registry
from dealbooks.book import Book


class Odoo(Block):
    """A company of an Odoo database in which a book is kept.

    Example, in dealbooks.yaml:
        ledger: {platform: odoo, block: odoo/northgate}

    Example, in a flow of your own:
        ledger = (await Odoo.load("northgate")).build(book)
    """

    _block_type_name = "Odoo books"
    _block_type_slug = "odoo"
    _description = (
        "The Odoo database and company in which a book is kept. dealbooks.yaml uses it as block: odoo/NAME; a setting "
        "that stands in dealbooks.yaml itself wins over the block."
    )

    url: str = Field(default="", title="Address", description="Address of the server, as https://books.example.com.")
    database: str = Field(default="", title="Database", description="The database's name.")
    user: str = Field(
        default="", title="User", description="Login of the user whose key is used; needed up to version 18."
    )
    api_key: SecretStr = Field(
        default=SecretStr(""),
        title="API key",
        description="Made by that user in Odoo under Preferences, Account Security; it lives three months at most.",
    )
    company: str = Field(
        default="", title="Company", description="Name or id; needed where the user sees more than one company."
    )
    protocol: Literal["auto", "json2", "jsonrpc", "xmlrpc"] = Field(
        default="auto", title="Protocol", description="auto asks the server: JSON-2 from version 19, JSON-RPC before."
    )
    mode: Literal["A", "B", "D"] = Field(
        default="A",
        title="Documents",
        description="A: invoice and journal. B: invoice with settlements on it. D: journals only.",
    )
    journals: dict[str, str] = Field(
        default_factory=dict,
        title="Journals",
        description="Short codes of the journals: sales (INV unless said), general (MISC unless said), money.",
    )
    taxes: dict[str, str] = Field(
        default_factory=dict,
        title="Taxes",
        description="Our tax code and the name of the sales tax in Odoo; empty for no tax.",
    )
    analytic: dict[str, str] = Field(
        default_factory=dict,
        title="Analytic plans",
        description="location, department, stock_no: the analytic plan that holds it.",
    )
    calls_per_second: int = Field(
        default=1, title="Calls a second", description="Odoo Online asks for one; a server of your own takes more."
    )

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml under `ledger:`; what is left empty is left out."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        values["api_key"] = self.api_key.get_secret_value()
        return {name: value for name, value in values.items() if value}

    def build(
        self,
        book: Book,
        *,
        title: str = "",
        locations: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> OdooLedger:
        """The ledger for a book. Raises ConfigError when a setting is missing."""
        built = registry.ledger_platform("odoo").build(
            book=book,
            title=title or book.name,
            locations=locations or {},
            settings=self.settings(),
            folder=folder or Path(),
        )
        return cast(OdooLedger, built)

    def check(self, book: Book) -> list[str]:
        """What is wrong with the connection, the company and the accounts, in words: asks the server."""
        return self.build(book).problems()
