"""The Prefect block of a drop folder of CSV files: its settings and its secrets, editable in the Prefect UI."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from prefect.types import SecretDict
from pydantic import Field

from blocks.bases import SettingsBlock
from blocks.sources.csv_files import CsvFiles
from blocks.sources.csv_files.drop import MAX_BYTES, MAX_FILES
from blocks.sources.csv_files.source import SHIPPED
from dealbooks import registry
from dealbooks.errors import DealbooksError


class CsvDrop(SettingsBlock):
    """Where a system drops its files of completed sales, and how they are read.

    Example, in dealbooks.yaml:
        drop: {platform: csv_files, block: csv-files/drop, books: {LEEDS: northgate}}

    Example, in a flow of your own:
        source = (await CsvDrop.load("drop")).build("drop")
    """

    _block_type_name = "CSV drop folder"
    _block_type_slug = "csv-files"
    _description = (
        "A folder, on this machine or a remote one, into which a dealer system drops CSV files. dealbooks.yaml uses it "
        "as block: csv-files/NAME; a setting that stands in dealbooks.yaml itself wins over the block."
    )

    path: str = Field(
        default="var/inbox",
        title="Folder",
        description="A folder, or an fsspec address such as sftp://host/out or s3://bucket/out. "
        "A relative path starts at the folder of dealbooks.yaml.",
    )
    layouts: list[str] = Field(
        default=list(SHIPPED), title="Layouts", description="Shipped layouts by name, or paths of your own."
    )
    pattern: str = Field(
        default="", title="File name pattern", description="Replaces the layout's own; only with a single layout."
    )
    encodings: list[str] = Field(
        default=[], title="Encodings", description="Tried in this order when a file is not UTF-8; empty: the layout's."
    )
    completeness: dict[str, Any] = Field(
        default={},
        title="Completeness",
        description="How a file proves that it is whole: keys of the layout's section.",
    )
    csv: dict[str, Any] = Field(
        default={}, title="CSV dialect", description="Keys that replace those of the layout's csv section."
    )
    packed: bool = Field(default=True, title="Packed", description="Keep the archived copies compressed.")
    max_files: int = Field(default=MAX_FILES, title="Most files", ge=1, description="Files taken in one run.")
    max_bytes: int = Field(
        default=MAX_BYTES, title="Largest file", ge=1, description="In bytes; a larger file waits, and is reported."
    )
    storage: SecretDict = Field(
        default=SecretDict({}),
        title="Storage options",
        description="What fsspec needs to reach the folder (user, key, secret, ...). Kept encrypted, never shown.",
    )

    def settings(self) -> dict[str, Any]:
        """The settings as they would stand in dealbooks.yaml under the source, secrets in clear: never log them. There
        is no usual folder."""
        return {"path": self.path} | super().settings()

    def build(self, name: str = "drop", folder: Path | None = None) -> CsvFiles:
        """The source; `folder` is where a relative path starts. Raises ConfigError for a layout that is not known."""
        platform = registry.source_platform("csv_files")
        return cast(CsvFiles, platform.build(name=name, settings=self.settings(), folder=folder or Path()))

    def check(self, folder: Path | None = None) -> list[str]:
        """What is wrong with the folder or the settings, in words; empty when files can be read there."""
        try:
            self.build("check", folder).look(datetime.now(UTC))
        except DealbooksError as error:
            return [error.words]
        return []
