"""The ledger over the files: verdicts, what Beancount lists, what is wrong in words, and the audit heads."""

from __future__ import annotations

import ast
import errno
import multiprocessing
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

import blocks.ledgers.beancount as package
import dealbooks
from blocks.ledgers.beancount import BeancountLedger, Head, build, programs, read_head, write_head
from blocks.ledgers.beancount.accounts import opened_in
from blocks.ledgers.beancount.programs import Complaint, find_program
from dealbooks.book import Account, Book, Chart
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.ledger import Ledger, Presence, Request, Verdict
from tests.beancount_support import DAY, chart, ledger, receipt, requests, reversal

FORK = multiprocessing.get_context("fork")


def test_it_is_a_ledger(tmp_path: Path) -> None:
    target: Ledger = ledger(tmp_path)
    assert target.capabilities.safe_resend
    assert target.capabilities.key_length == 64
    assert target.lock_date() is None


def test_nothing_of_beancount_is_imported() -> None:
    folder = Path(package.__file__).parent
    names = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(str(node.module).split(".")[0])
    assert not names & {"beancount", "beanquery", "fava"}
    assert {"blocks", "dealbooks"} <= names


def test_the_drain_needs_neither_prefect_nor_frames() -> None:
    code = (
        "import sys, blocks.ledgers.beancount\n"
        "print({'prefect', 'pandas', 'great_expectations', 'beancount'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_new_ledger_is_empty_and_well(tmp_path: Path) -> None:
    target = ledger(tmp_path / "book")
    assert target.problems() == []
    assert list(target.records(date(2000, 1, 1), date(2100, 1, 1))) == []
    target.prepare()
    assert target.problems() == []
    assert list(target.records(date(2000, 1, 1), date(2100, 1, 1))) == []
    assert target.trial_balance(DAY) == ()


def test_what_a_person_added_to_main_stays(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    target.prepare()
    cash = target.accounts.name_of("cash.undeposited", "")
    with target.main.open("a") as file:
        file.write(f'1999-01-01 open Equity:Own\n2026-03-14 * "Typed by\nhand"\n  {cash}  1.005 GBP\n  Equity:Own\n')
    again = ledger(tmp_path)
    (request,) = requests(again, [receipt()])
    again.send([request])
    assert again.problems() == []
    typed, ours = sorted(again.records(DAY, DAY), key=lambda record: record.key)
    assert typed.key == ""
    assert typed.ref.startswith("main.beancount:")
    assert typed.narration == "Typed by\nhand"
    assert [(line.account, line.amount) for line in typed.lines] == [
        (cash, Decimal("1.005")),
        ("Equity:Own", Decimal("-1.005")),
    ]
    assert ours.key == request.key
    assert ours.lines[0].dimensions == {"location": "LEEDS", "department": "used", "method": "card"}


def test_a_copy_of_one_of_our_files_is_listed_apart_and_reported(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    (request,) = requests(target, [receipt()])
    (outcome,) = target.send([request])
    (tmp_path / "ledger" / "0" / "copy.beancount").write_bytes((tmp_path / outcome.ref).read_bytes())
    refs = {record.ref: record.key for record in target.records(DAY, DAY)}
    assert refs == {outcome.ref: request.key, "ledger/0/copy.beancount:1": request.key}
    (problem,) = target.problems()
    assert "stands in the ledger twice" in problem
    assert "Posting(" not in problem


def test_two_equal_receipts_are_no_duplicate(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    postings = [receipt(subject="P1"), receipt(subject="P2"), receipt(deal="A 1"), receipt(deal="A/1")]
    target.send(requests(target, [*postings, receipt(subject="P1", issue=1)]))
    assert target.problems() == []
    assert len(list(target.records(DAY, DAY))) == 5


def test_an_edited_file_is_seen_by_reading_and_by_looking(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    (request,) = requests(target, [receipt()])
    (outcome,) = target.send([request])
    path = tmp_path / outcome.ref
    path.write_text(path.read_text().replace("250.00", "250.01"))
    (reading,) = target.read([outcome.ref])
    assert reading.figures != target.expected(request)
    (lookup,) = target.find([request])
    assert lookup.presence is Presence.FOUND
    (again,) = target.send([request])
    assert again.verdict is Verdict.HAPPENED, "it stands there: reading it back disputes it"
    assert "other content" in again.reason
    assert "250.01" in path.read_text(), "it was left as it is"
    path.unlink()
    assert target.read([outcome.ref])[0].figures is None


@pytest.mark.parametrize(
    "change",
    [
        {"key": "../../main"},
        {"name": "invoice"},
        {"payload": {}},
        {"payload": {"text": 5, "accounts": []}},
        {"payload": {"text": "2026-01-01 * cut short", "accounts": []}},
        {"payload": {"text": "\ud800\n", "accounts": []}},
        {"payload": {"text": "; nothing\n", "accounts": ["Assets:Not-there"]}},
    ],
)
def test_a_request_that_can_never_be_written_is_refused_alone(tmp_path: Path, change: dict[str, Any]) -> None:
    target = ledger(tmp_path)
    good = requests(target, [receipt(subject="P1"), receipt(subject="P2")])
    bad = replace(requests(target, [receipt(subject="P3")])[0], **change)
    outcomes = target.send([good[0], bad, good[1]])
    assert [outcome.verdict for outcome in outcomes] == [Verdict.HAPPENED, Verdict.REFUSED, Verdict.HAPPENED]
    assert outcomes[1].reason
    assert [lookup.presence for lookup in target.find([good[0], bad, good[1]])] == ["found", "absent", "found"]
    assert target.problems() == []


def test_more_than_a_batch_is_a_mistake(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    with pytest.raises(ValueError, match="at most 200"):
        target.send(requests(target, [receipt()]) * 201)


def test_an_account_that_left_the_chart_is_opened_for_what_was_planned(tmp_path: Path) -> None:
    old = ledger(tmp_path)
    planned = requests(old, [receipt()])
    renamed = {role: Account(number=a.number, name="New " + a.name, type=a.type) for role, a in chart().roles.items()}
    new = BeancountLedger(tmp_path, "Northgate", "GBP", Chart(name="new", roles=renamed))
    new.send(planned)
    new.send(requests(new, [receipt("d2")]))
    assert new.problems() == []


def _open_with(path: Path, number: int) -> None:
    roles = {"cash.bank": Account(number=str(number), name="bank", type="asset")}
    for _ in range(5):
        BeancountLedger(path, "Northgate", "GBP", Chart(name="c", roles=roles)).prepare()


def test_accounts_added_at_the_same_time_are_all_there(tmp_path: Path) -> None:
    runs = [FORK.Process(target=_open_with, args=(tmp_path, number)) for number in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    opened = set(opened_in((tmp_path / "accounts.beancount").read_text()))
    assert opened == {f"Assets:{number}-bank" for number in range(4)} | {"Equity:Opening-Balances"}


def test_a_lost_accounts_file_is_written_again(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    target.send(requests(target, [receipt()]))
    (tmp_path / "accounts.beancount").unlink()
    assert any("accounts.beancount" in problem for problem in target.problems())
    target.send(requests(target, [receipt(subject="P2")]))
    assert target.problems() == []


def test_problems_are_told_in_words(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    target.send(requests(target, [receipt()]))
    cash = target.accounts.name_of("cash.undeposited", "")
    with target.main.open("a") as file:
        file.write(
            f'2026-03-01 * "a"\n  {cash}  1.00 GBP\n  Assets:Zed  -1.00 GBP\n'
            f'2026-03-01 * "b"\n  {cash}  1.00 GBP\n  {cash}  -1.01 GBP\n'
            f"2026-03-20 balance {cash}  7.00 GBP\n"
            "2026-03-01 * what\n"
        )
    said = "\n".join(target.problems())
    assert "main.beancount, line 10: the account Assets:Zed is used but was never opened." in said
    assert "debits and credits differ by -0.01 GBP" in said
    assert f"the balance of {cash} is stated as 7.00 GBP, but the entries add up to 250.99 GBP" in said
    assert "cannot be read here" in said
    assert str(tmp_path) not in said


def test_a_main_file_without_its_includes_is_a_problem(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    target.prepare()
    text = target.main.read_text().replace('include "ledger/*/*.beancount"\n', "")
    target.main.write_text(text)
    (problem,) = target.problems()
    assert 'no longer has the line include "ledger/*/*.beancount"' in problem


def test_a_folder_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    target = ledger(tmp_path / "file" / "book")
    (problem,) = target.problems()
    assert "cannot be made" in problem
    with pytest.raises(StopConnection):
        target.send(requests(target, [receipt()]))
    assert target.find(requests(target, [receipt()]))[0].presence is Presence.UNDECIDED


def test_without_beancounts_programs_posting_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_program", lambda name: None)
    target = ledger(tmp_path)
    (outcome,) = target.send(requests(target, [receipt()]))
    assert outcome.verdict is Verdict.HAPPENED
    (problem,) = target.problems()
    assert "bean-check" in problem
    assert "pip install" in problem
    with pytest.raises(StopConnection, match="bean-query"):
        list(target.records(DAY, DAY))


def test_programs_are_found_beside_python_or_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_program("bean-check") is not None
    for folder in ("beside", "path"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "bean-x").write_text("#!/bin/sh\n")
        (tmp_path / folder / "bean-x").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "beside" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert find_program("bean-x") == tmp_path / "beside" / "bean-x"
    (tmp_path / "beside" / "bean-x").unlink()
    assert find_program("bean-x") == tmp_path / "path" / "bean-x"
    assert find_program("bean-y") is None


def test_a_program_gets_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_TOKEN", "secret")
    fake = tmp_path / "bean-check"
    fake.write_text(f"#!/bin/sh\nenv > {tmp_path}/env\necho '{{\"errors\": []}}'\n")
    fake.chmod(0o755)
    monkeypatch.setattr(programs, "find_program", lambda name: fake)
    assert programs.check(tmp_path / "main.beancount") == []
    seen = (tmp_path / "env").read_text()
    assert "secret" not in seen
    assert "BEANCOUNT_DISABLE_LOAD_CACHE=1" in seen


@pytest.mark.parametrize("output", ["", "oops", "[]", '{"errors": [{}]}'])
def test_a_program_that_answers_nonsense_stops_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    fake = tmp_path / "bean-check"
    fake.write_text(f"#!/bin/sh\nprintf '%s' '{output}'\n")
    fake.chmod(0o755)
    monkeypatch.setattr(programs, "find_program", lambda name: fake)
    with pytest.raises(StopConnection, match="could not judge"):
        programs.check(tmp_path / "main.beancount")


def test_a_query_that_fails_says_why(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    target.prepare()
    with pytest.raises(StopConnection, match="bean-query could not list the ledger"):
        list(programs.query(target.main, "select nonsense"))


def test_a_listing_can_be_left_in_the_middle(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    target.send(requests(target, [receipt(subject=f"P{n}") for n in range(50)]))
    listing = target.records(DAY, DAY)
    assert next(iter(listing)).lines
    del listing
    assert len(list(target.records(DAY, DAY))) == 50


def test_the_trial_balance_is_as_of_the_end_of_a_day(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    first = receipt(amount="250.00")
    target.send(requests(target, [first, receipt(subject="P2", amount="0.10", day=DAY + timedelta(days=1))]))
    cash, customer = (target.accounts.name_of(role, "") for role in ("cash.undeposited", "receivable.customer"))
    assert [(line.account, line.amount, line.currency) for line in target.trial_balance(DAY)] == [
        (cash, Decimal("250.00"), "GBP"),
        (customer, Decimal("-250.00"), "GBP"),
    ]
    target.send(requests(target, [reversal(first, DAY)]))
    assert target.trial_balance(DAY) == ()
    assert {line.amount for line in target.trial_balance(DAY + timedelta(days=1))} == {
        Decimal("0.10"),
        Decimal("-0.10"),
    }


def test_beancounts_cache_is_told_of_new_files(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    target.prepare()
    path = tmp_path / "accounts.beancount"
    os.utime(path, (1, 1))
    target.send(requests(target, [receipt()]))
    assert path.stat().st_mtime > 1


def test_a_head_is_kept_per_book_and_never_goes_back(tmp_path: Path) -> None:
    root = tmp_path / "book"
    assert read_head(root, "northgate") is None
    assert write_head(root, "northgate", 3, "ab" * 32) == Head(3, "ab" * 32)
    assert write_head(root, "york", 1, "cd" * 32) == Head(1, "cd" * 32)
    assert write_head(root, "northgate", 2, "ef" * 32) == Head(3, "ab" * 32)
    assert read_head(root, "northgate") == Head(3, "ab" * 32)
    assert write_head(root, "northgate", 4, "ef" * 32) == read_head(root, "northgate")
    assert read_head(root, "york") == Head(1, "cd" * 32)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"b": 1}', '{"b": {"seq": "1", "hash": "x"}}'])
def test_a_damaged_head_file_is_not_taken_for_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "audit-head.json").write_text(text)
    with pytest.raises(StopConnection, match="cannot be read"):
        read_head(tmp_path, "b")
    with pytest.raises(StopConnection, match="cannot be read"):
        write_head(tmp_path, "b", 1, "ab" * 32)


def test_a_head_that_is_none_is_refused(tmp_path: Path) -> None:
    for seq, digest in ((0, "ab" * 32), (1, "not a hash")):
        with pytest.raises(ValueError, match="audit head"):
            write_head(tmp_path, "b", seq, digest)


def test_a_head_on_a_full_disk_stops_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_head(tmp_path, "b", 1, "ab" * 32)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StopConnection, match="is full"):
            write_head(tmp_path, "b", 2, "cd" * 32)
    assert read_head(tmp_path, "b") == Head(1, "ab" * 32)


def test_complaints_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = ledger(tmp_path)
    target.prepare()
    many = [Complaint("main.beancount", n, "something") for n in range(80)]
    monkeypatch.setattr("blocks.ledgers.beancount.ledger.check", lambda main: many)
    said = target.problems()
    assert len(said) == 51
    assert said[-1] == "... and 30 more; bean-check lists them all."


def test_a_request_is_stable(tmp_path: Path) -> None:
    one, two = (requests(ledger(tmp_path / name), [receipt()])[0] for name in ("a", "b"))
    assert isinstance(one, Request)
    assert one == two
    assert ledger(tmp_path).expected(one) == ledger(tmp_path).expected(two)


def test_it_is_built_from_a_book_and_its_settings(tmp_path: Path) -> None:
    book = Book("northgate", "NORTHGATE-MOTORS-LTD", "GBP", "uk", chart())
    target = build(book, {"path": "books/northgate"}, "Northgate", {"LEEDS": "Leeds (main)"}, tmp_path)
    target.send(requests(target, [receipt()]))
    assert (tmp_path / "books" / "northgate" / "main.beancount").exists()
    assert target.problems() == []
    (record,) = target.records(DAY, DAY)
    assert record.lines[0].dimensions["location"] == "Leeds (main)"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"path": "x", "pth": "y"}, "does not know: pth"),
        ({}, "in which folder"),
        ({"path": " "}, "in which folder"),
        ({"path": "x", "opening_account": "nonsense"}, "not an account name"),
    ],
)
def test_settings_that_do_not_fit_are_named(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        build(Book("n", "N", "GBP", "uk", chart()), settings, folder=tmp_path)


def test_a_book_without_a_chart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no chart of accounts"):
        build(Book("n", "N", "GBP", "uk"), {"path": "x"}, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


SHIPPED = Path(dealbooks.__file__).parent / "charts"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_chart_can_be_written(path: Path, tmp_path: Path) -> None:
    data = yaml.safe_load(path.read_text("utf-8"))
    shipped = Chart.model_validate({"name": data["name"], "roles": data["roles"]})
    target = BeancountLedger(tmp_path, "Shipped", "GBP", shipped)
    target.prepare()
    assert target.problems() == []
    assert {account.number for account in target.accounts.opens} >= {a.number for a in shipped.roles.values()}
