"""`dealbooks exceptions`: what is known of them over runs, what a person says, and how a close ends their life."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_support import Cli, make_cli

from dealbooks.config import load_config
from dealbooks.house import House
from dealbooks.pipeline.close import close

BOOK, MONTH = "northgate", "2026-07"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return make_cli(tmp_path / "house")


def lost(cli: Cli) -> Path:
    """Somebody moves a file of an entry away; where it stood."""
    found = sorted((cli.folder / "var" / "books" / BOOK / "ledger").glob("*/*.beancount"))
    path = next(path for path in found if path.stem != "none")
    path.rename(cli.folder / "kept.txt")
    return path


@pytest.mark.long
def test_from_the_first_run_to_the_close(cli: Cli) -> None:
    cli.drop("CompletedSale_20260704_LEEDS.csv")
    cli.run("sync")
    path = lost(cli)
    ran = cli.json("reconcile", BOOK, MONTH, code=3)
    [one] = [row for row in ran["exceptions"] if row["code"] == "deleted_in_ledger"]
    assert (ran["run"], one["since"].endswith(", run 1"), one["id"] in ran["raised"]) == (1, True, True)
    shown = cli.run("exceptions", BOOK, MONTH)
    assert (shown.exit_code, one["id"] in shown.output, one["since"] in shown.output) == (3, True, True)

    nobody = cli.run("exceptions", BOOK, "--acknowledge", one["id"])
    assert (nobody.exit_code, "by somebody, with a note" in nobody.output) == (2, True)
    said = ("--who", "Ann Lee", "--note", "asked the bookkeeper")
    others = [row for row in ran["exceptions"] if row["id"] != one["id"]]
    seen = cli.json("exceptions", BOOK, "--acknowledge", one["id"], *said, code=3 if others else 0)["acknowledged"]
    assert [(row["id"], row["who"], row["note"]) for row in seen] == [(one["id"], "Ann Lee", "asked the bookkeeper")]

    (cli.folder / "kept.txt").rename(path)
    again = cli.run("reconcile", BOOK, MONTH)
    assert f"{one['id']}  deleted_in_ledger, {one['where']}: " in again.output
    [gone] = cli.json("exceptions", BOOK, "--solved")["solved"]
    assert (gone["id"], gone["state"], "agrees with" in gone["gone_by"]) == (one["id"], "gone", True)

    lost(cli)
    codes = sorted({row["code"] for row in ran["exceptions"] if row["severity"] != "low"})
    with House.open(load_config(cli.config), actor="test") as house:
        assert close(house, BOOK, MONTH, sign="Bo Ray", note="restored in August", accept=codes).closed
    shown = cli.json("exceptions", BOOK)
    assert shown["open"] == []
    [kept] = [row for row in shown["acknowledged"] if row["id"] == one["id"]]
    assert (kept["who"], kept["note"], kept["first_run"]) == ("Bo Ray", "restored in August", 1)
    assert kept["back_at"]
    assert cli.json("audit", "verify")["intact"]


def test_a_book_that_no_run_looked_at_has_none(cli: Cli) -> None:
    assert cli.json("exceptions", BOOK) == {"book": BOOK, "period": "", "open": [], "acknowledged": []}
    assert cli.json("exceptions", BOOK, MONTH, "--solved")["solved"] == []
    assert "0 exceptions are open" in cli.run("exceptions", BOOK).output


def test_what_is_no_book_or_month_is_named(cli: Cli) -> None:
    done = cli.run("exceptions", "southgate")
    assert (done.exit_code, "southgate" in done.output) == (2, True)
    done = cli.run("exceptions", BOOK, "July")
    assert (done.exit_code, "is not a period" in done.output) == (2, True)
