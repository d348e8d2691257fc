"""A tiny house for tests of the command line: one book on the embedded ledger, one drop folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from dealbooks.cli.app import app
from dealbooks.starter import write_starter

DATA = Path(__file__).parent / "data" / "cli"
FIRST, SECOND = "CompletedSale_20260704_LEEDS.csv", "CompletedSale_20260711_LEEDS.csv"
BOOK = "northgate"


class Cli:
    """Runs commands against one configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "dealbooks.yaml"

    def run(self, *args: str) -> Result:
        """Run a command; nothing that it raises is hidden."""
        return CliRunner().invoke(app, ["--config", str(self.config), *args])

    def json(self, *args: str, code: int = 0) -> Any:
        """Run a command with --json and read what it prints."""
        result = self.run(*args, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def drop(self, *names: str) -> None:
        """Put files of tests/data/cli into the drop folder."""
        for name in names:
            shutil.copyfile(DATA / name, self.folder / "inbox" / name)

    def drop_changed(self, name: str, old: str, new: str, as_name: str) -> None:
        """Put a file there with a text replaced."""
        text = (DATA / name).read_bytes().replace(old.encode(), new.encode())
        (self.folder / "inbox" / as_name).write_bytes(text)


def make_cli(folder: Path, *, changes: Sequence[tuple[str, str]] = ()) -> Cli:
    """A new house whose files are taken at once; `changes` replace texts of dealbooks.yaml."""
    write_starter(folder, "uk")
    cli = Cli(folder)
    text = cli.config.read_text(encoding="utf-8")
    at_once = "    completeness: {kind: none}\n    books:"
    for old, new in (("    books: {LEEDS", f"{at_once} {{LEEDS"), *changes):
        assert old in text
        text = text.replace(old, new)
    cli.config.write_text(text, encoding="utf-8")
    return cli
