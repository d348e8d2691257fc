"""`dealbooks drift`: what is shown, how it ends, and what a person may say of it."""

from __future__ import annotations

import pytest
from cli_support import Cli, make_cli


@pytest.fixture
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    made = make_cli(tmp_path_factory.mktemp("drift") / "house")
    made.drop("CompletedSale_20260704_LEEDS.csv")
    made.run("sync")
    assert made.json("drift", "northgate")["look"]["whole"]
    return made


def deleted(cli: Cli) -> None:
    """Somebody deletes a file of an entry."""
    found = sorted((cli.folder / "var" / "books" / "northgate" / "ledger").glob("*/*.beancount"))
    next(path for path in found if path.stem != "none").unlink()


def test_a_quiet_ledger_ends_with_nothing(cli: Cli) -> None:
    done = cli.run("drift", "northgate")
    assert done.exit_code == 0
    assert "No finding is open." in done.output


def test_a_finding_is_shown_counted_and_acknowledged(cli: Cli) -> None:
    deleted(cli)
    found = cli.json("drift", "northgate", code=3)
    (one,) = found["open"]
    assert (one["code"], one["state"]) == ("deleted_in_ledger", "open")
    assert found["look"]["raised"] == [one["id"]]
    known = cli.json("drift", "northgate", "--known", code=3)
    assert (known["look"], [row["id"] for row in known["open"]]) == (None, [one["id"]])
    shown = cli.run("drift", "northgate", "--known")
    assert (shown.exit_code, one["id"] in shown.output) == (3, True)
    (book,) = cli.json("status")["books"]
    assert book["drift"] == {"open": 1}
    assert book["needs_person"] >= 1
    assert "drift in the ledger" in cli.run("status").output

    nobody = cli.run("drift", "northgate", "--acknowledge", one["id"])
    assert nobody.exit_code == 2
    assert "by somebody, with a note" in nobody.output
    said = ("--who", "Ann Lee", "--note", "agreed with the auditor")
    done = cli.json("drift", "northgate", "--acknowledge", one["id"], *said)
    assert (done["open"], done["acknowledged"][0]["note"]) == ([], "agreed with the auditor")
    assert cli.json("drift", "northgate", "--whole")["open"] == []
    (book,) = cli.json("status")["books"]
    assert book["drift"] == {"acknowledged": 1}


def test_a_book_that_is_not_there_is_named(cli: Cli) -> None:
    done = cli.run("drift", "southgate")
    assert (done.exit_code, "southgate" in done.output) == (2, True)
