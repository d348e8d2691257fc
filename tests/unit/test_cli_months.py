"""`dealbooks reconcile` over several months."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_support import Cli, make_cli

BOOK = "northgate"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return make_cli(tmp_path / "house")


def test_months_in_which_nothing_was_posted_agree(cli: Cli) -> None:
    found = cli.json("reconcile", BOOK, "2026-06..2026-07")
    assert [(one["period"], one["entries"]) for one in found["months"]] == [("2026-06", 0), ("2026-07", 0)]
    done = cli.run("reconcile", BOOK, "2026-12..2026-01")
    assert (done.exit_code, "ends before it begins" in done.output) == (2, True)


@pytest.mark.long
def test_a_document_that_is_gone_is_named_in_its_month(cli: Cli) -> None:
    cli.drop("CompletedSale_20260704_LEEDS.csv")
    cli.run("sync")
    assert cli.json("reconcile", BOOK, "2026")["agreed"]
    found = sorted((cli.folder / "var" / "books" / BOOK / "ledger").glob("*/*.beancount"))
    next(path for path in found if path.stem != "none").rename(cli.folder / "kept.txt")
    told = cli.json("reconcile", BOOK, "2026-Q3", code=3)
    [month] = [one for one in told["months"] if one["exceptions"]]
    assert (month["entries"] - month["agreed"], [one["code"] for one in month["exceptions"]]) == (
        1, ["deleted_in_ledger"],
    )  # fmt: skip
    shown = cli.run("reconcile", BOOK, "2026-Q3")
    assert (shown.exit_code, "deleted_in_ledger" in shown.output) == (3, True)
