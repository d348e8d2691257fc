"""The Prefect block of a Beancount ledger: its settings, editable in the Prefect UI. It holds no secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import Field

from blocks.bases import SettingsBlock
from blocks.ledgers.beancount import BeancountLedger
from dealbooks import registry
from dealbooks.book import Book


class BeancountBooks(SettingsBlock):
    """Where a book's Beancount files are kept.

    Example, in dealbooks.yaml:
        ledger: {platform: beancount, block: beancount/northgate}

    Example, in a flow of your own:
        ledger = (await BeancountBooks.load("northgate")).build(book)
    """

    _block_type_name = "Beancount books"
    _block_type_slug = "beancount"
    _description = (
        "The folder in which a book is kept as Beancount files. dealbooks.yaml uses it as block: beancount/NAME; "
        "a setting that stands in dealbooks.yaml itself wins over the block."
    )

    path: str = Field(
        default="var/books/main",
        title="Folder",
        description="Folder of the ledger; a relative path starts at the folder of dealbooks.yaml.",
    )
    opening_account: str = Field(
        default="",
        title="Opening balances account",
        description="Beancount account for opening balances, when the chart has none; empty means the usual one.",
    )

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml under `ledger:`; there is no usual folder."""
        return {"path": self.path} | super().settings()

    def build(
        self,
        book: Book,
        *,
        title: str = "",
        locations: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> BeancountLedger:
        """The ledger for a book; `folder` is where a relative path starts, `locations` code -> dimension. Raises
        ConfigError when the book's chart does not fit."""
        built = registry.ledger_platform("beancount").build(
            book=book,
            title=title or book.name,
            locations=locations or {},
            settings=self.settings(),
            folder=folder or Path(),
        )
        return cast(BeancountLedger, built)

    def check(self, folder: Path | None = None) -> list[str]:
        """What is wrong with the folder, in words; empty when a ledger can be kept there."""
        path = ((folder or Path()) / self.path).absolute()
        standing = next(place for place in (path, *path.parents) if place.exists())
        if not standing.is_dir():
            return [f"The ledger cannot be kept in {path}, because {standing} is a file. Name another folder."]
        if not os.access(standing, os.W_OK | os.X_OK):
            return [f"The ledger cannot be kept in {path}, because {standing} may not be written to."]
        return []
