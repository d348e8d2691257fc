"""A signed pack, and every way to tamper with it: each is named."""

from __future__ import annotations

import io
import json
import os
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pack_support import BOOK, PERIOD, dealership, remade, signed
from pipeline_support import Dealership

from dealbooks.canonical import sha256_hex
from dealbooks.errors import LeaseLost, UsageError
from dealbooks.pack import close_with_pack, draft_pack, verify_pack
from dealbooks.pack.beancheck import check_proof
from dealbooks.pack.chain import held_against_store
from dealbooks.pipeline.certificate import json_text
from dealbooks.pipeline.close import CloseResult
from dealbooks.pipeline.periods import history
from dealbooks.pipeline.reopened import reopen
from dealbooks.store import Lease


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dealership]:
    own = dealership(tmp_path_factory.mktemp("signed"))
    yield own
    own.close()


@pytest.fixture(scope="module")
def closed(made: Dealership) -> CloseResult:
    return signed(made)


@pytest.fixture
def pack(closed: CloseResult, tmp_path: Path) -> Path:
    assert closed.pack is not None
    return Path(shutil.copytree(closed.pack, tmp_path / "pack"))


def named(pack: Path) -> list[tuple[str, str]]:
    return [(one.file, one.what.partition(":")[0]) for one in verify_pack(pack).problems]


def test_a_signed_pack_is_whole_and_is_the_one_that_the_store_holds(
    made: Dealership, closed: CloseResult, pack: Path
) -> None:
    assert closed.closed
    assert closed.certificate is not None
    text = closed.certificate.read_text("utf-8")
    assert (pack / "certificate.json").read_text("utf-8") == text
    with made.open() as house:
        verdict = held_against_store(house, verify_pack(pack))
        [row] = history(house, BOOK)
    assert verdict.intact, verdict.problems
    assert json.loads(row.certificate)["sha256"] == verdict.certificate == sha256_hex(text)
    data = json.loads(text)
    assert [(one["name"], one["identified_by"]) for one in data["signatures"]] == [
        ("Ann Lee", "typed"), ("test", "the account that ran the program"),
    ]  # fmt: skip
    assert {"dealbooks", "rulebook", "chart", "map_of_drop"} <= set(data["versions"])
    assert "Ann Lee" in (pack / "report.html").read_text("utf-8")
    assert 'class="draft"' not in (pack / "report.html").read_text("utf-8")


def test_one_changed_byte_of_any_file_is_named(pack: Path) -> None:
    kinds = {(path.parent, path.suffix): path for path in sorted(pack.rglob("*")) if path.is_file()}
    files = {*kinds.values(), pack / "manifest.json", pack / "certificate.json", pack / "report.json"}
    assert len(files) > 10
    for path in sorted(files):
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        name = path.relative_to(pack).as_posix()
        try:
            problems = [one.file for one in verify_pack(pack).problems]
        except UsageError:  # a manifest that can no longer be read
            problems = ["manifest.json"]
        assert name in problems, name
        path.write_bytes(content)
    assert named(pack) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda pack: (pack / "csv" / "journal.csv").unlink(), ("csv/journal.csv", "is missing")),
        (lambda pack: (pack / "csv" / "more.csv").write_text("a,b\n"), ("csv/more.csv", "was added")),
        (
            lambda pack: (pack / "csv" / "journal.csv").rename(pack / "csv" / "other.csv"),
            ("csv/journal.csv", "was renamed to csv/other.csv"),
        ),
        (lambda pack: (pack / "certificate.json").unlink(), ("certificate.json", "is missing")),
    ],
)  # fmt: skip
def test_a_file_that_is_gone_added_or_renamed_is_named(
    pack: Path, change: Callable[[Path], object], expected: tuple[str, str]
) -> None:
    change(pack)
    assert named(pack) == [expected]


def test_an_edited_certificate_is_named(pack: Path) -> None:
    path = pack / "certificate.json"
    path.write_text(path.read_text("utf-8").replace('"signed_by": "Ann Lee"', '"signed_by": "Bob Ray"'), "utf-8")
    assert ("certificate.json", "was changed") in named(pack)


def test_a_certificate_that_says_other_totals_than_the_report_is_named(pack: Path) -> None:
    path = pack / "certificate.json"
    data = json.loads(path.read_text("utf-8"))
    data["totals"][0]["closing"] = "1.00"
    data["counts"]["matched"] += 1
    path.write_text(json.dumps(data), "utf-8")
    remade(pack)
    assert {file for file, _ in named(pack)} == {"certificate.json"}


@pytest.mark.parametrize("name", ["csv/tie-out.csv", "tables.json", "report.html"])
def test_a_forged_total_in_one_part_is_named_although_the_hashes_are_made_anew(
    made: Dealership, pack: Path, name: str
) -> None:
    path = pack / name
    text = path.read_bytes().decode("utf-8")
    begin = text.index('id="t-tie-out"') if name == "report.html" else 0
    figure = "9,000.00" if name == "report.html" else "9000.00"
    assert figure in text[begin:]
    path.write_bytes((text[:begin] + text[begin:].replace(figure, figure.replace("9", "8", 1), 1)).encode())
    remade(pack)
    assert [file for file, _ in named(pack)] == [name]
    with made.open() as house:
        verdict = held_against_store(house, verify_pack(pack))
    assert "certificate.json" in {one.file for one in verdict.problems}


def test_a_forger_who_makes_all_of_it_anew_is_found_by_the_store(made: Dealership, pack: Path) -> None:
    path = pack / "certificate.json"
    path.write_text(path.read_text("utf-8").replace("Ann Lee", "Bob Ray"), "utf-8")
    remade(pack)
    assert named(pack) == []
    with made.open() as house:
        verdict = held_against_store(house, verify_pack(pack))
    assert [(one.file, one.what) for one in verdict.problems] == [
        ("certificate.json", "is not certificate 1, with which the store holds the period")
    ]


def test_a_cent_in_the_ledger_of_the_pack_is_found_by_bean_check(pack: Path) -> None:
    path = pack / "beancount" / "period.beancount"
    text = path.read_text("utf-8")
    assert "10000.00 GBP" in text
    path.write_text(text.replace("10000.00 GBP", "10000.01 GBP", 1), "utf-8")
    remade(pack)
    found = named(pack)
    assert found
    assert {file for file, _ in found} == {"beancount/period.beancount"}


_CODE = (
    'plugin "evil.code"', 'option "insert_pythonpath" "TRUE"', 'include "/etc/passwd"', 'include "../x"',
    'plugin"evil"', 'option"insert_pythonpath" "TRUE"', 'include"/etc/passwd"', 'include "\\/etc/passwd"',
    '2026-01-01 open Assets:B plugin "evil"', '* "\nplugin "evil"',
)  # fmt: skip


@pytest.mark.parametrize("line", _CODE)
def test_a_ledger_that_names_code_is_not_run(line: str) -> None:
    _, problems = check_proof({"beancount/period.beancount": f"; text\n{line}\n".encode()})
    assert [file for file, _ in problems] == ["beancount/period.beancount"]
    assert "not given to bean-check" in problems[0][1]


def test_a_text_that_speaks_of_plugins_is_no_code() -> None:
    text = '2026-01-01 open Assets:A\n2026-01-02 * "A plugin" "to include"\n  ref: "a plugin"\n  note: "x"\n'
    _, problems = check_proof({"beancount/period.beancount": text.encode()})
    assert problems == []


def archive(*files: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        warnings.simplefilter("ignore")  # a name that is there twice
        for name, content in files:
            out.writestr(name, content)
    return made.getvalue()


_OK = ("main.beancount", b"2026-01-01 open Assets:A\n")


@pytest.mark.parametrize(
    "content",
    [
        archive(_OK, ("../x.beancount", b"")),
        archive(_OK, ("/x.beancount", b"")),
        archive(_OK, _OK),
        archive(_OK, ("evil.py", b"")),
        archive(_OK, ("main.beancount/x.beancount", b"")),
        archive(_OK, ("x" * 300 + ".beancount", b"")),
        archive(_OK)[:-30],
        archive(_OK).replace(b"\x08\x00", b"\x63\x00"),  # packed in a way that nobody knows
        archive(_OK).replace(b"\x14\x00\x00\x00", b"\x14\x00\x01\x00"),  # said to be encrypted
        archive(_OK, ("bomb.beancount", bytes(2_000_000))),
    ],
)
def test_an_archive_that_is_not_ours_is_named_and_not_unpacked(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dealbooks.pack.beancheck.MOST_BYTES", 1_000_000)
    _, problems = check_proof({"beancount/book.zip": content})
    assert problems == [("beancount/book.zip", "cannot be unpacked")]


def _said_twice(pack: Path) -> None:
    path = pack / "certificate.json"
    path.write_text('{"signed_by": "Bob Ray",' + path.read_text("utf-8").lstrip()[1:], "utf-8")


def _written_otherwise(pack: Path) -> None:
    path = pack / "certificate.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8"))), "utf-8")


@pytest.mark.parametrize("change", [_said_twice, _written_otherwise])
def test_a_certificate_is_held_to_the_byte(pack: Path, change: Callable[[Path], None]) -> None:
    """A name that stands in it twice is read by a person as the first, by programs as the last."""
    change(pack)
    assert named(pack) == [("certificate.json", "was changed")]


def _put(name: str, *path: str | int, value: Any) -> Callable[[Path], None]:
    def change(pack: Path) -> None:
        place = pack / name
        data = at = json.loads(place.read_text("utf-8"))
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        place.write_text(json.dumps(data), "utf-8")
        remade(pack)

    return change


_HALF_A_ROW = {"account": "1", "found": "0", "difference": "0", "currency": "GBP"}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("certificate.json", _put("certificate.json", "totals", 0, "opening", value="x")),
        ("certificate.json", _put("certificate.json", "totals", 0, "opening", value="1e999999999")),
        ("certificate.json", _put("certificate.json", "totals", 0, value=_HALF_A_ROW)),
        ("report.json", _put("report.json", "totals", 0, "closing", value="NaN")),
        ("report.json", _put("report.json", "totals", 0, "closing", value=None)),
    ],
)
def test_what_a_forger_left_unreadable_is_named(pack: Path, name: str, change: Callable[[Path], None]) -> None:
    change(pack)
    assert name in {file for file, _ in named(pack)}


@pytest.mark.parametrize("name", ["manifest.json", "certificate.json"])
def test_a_file_of_brackets_does_not_break_the_check(pack: Path, name: str) -> None:
    (pack / name).write_text("[" * 100_000, "utf-8")
    if name == "manifest.json":
        with pytest.raises(UsageError, match="no close pack"):
            verify_pack(pack)
    else:
        assert named(pack) == [("certificate.json", "cannot be read as a certificate")]


def test_a_signed_pack_is_not_made_a_draft(pack: Path) -> None:
    manifest = json.loads((pack / "manifest.json").read_text("utf-8"))
    (pack / "manifest.json").write_text(json_text(manifest | {"draft": True}), "utf-8")
    (pack / "certificate.json").unlink()
    assert {file for file, _ in named(pack)} == {"DRAFT.txt", "certificate.txt"}


def test_what_is_no_file_is_named(pack: Path) -> None:
    os.mkfifo(pack / "csv" / "pipe")
    (pack / "DRAFT.txt").symlink_to("nowhere")
    assert named(pack) == [("DRAFT.txt", "was added"), ("csv/pipe", "was added")]


def test_a_file_that_cannot_be_read_is_told(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path.name == "journal.csv":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(UsageError, match=r"journal.csv cannot be read: Permission denied"):
        verify_pack(pack)


def test_a_folder_that_is_no_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no close pack"):
        verify_pack(tmp_path)
    with pytest.raises(UsageError, match="not a folder"):
        verify_pack(tmp_path / "nowhere")


def test_a_draft_never_takes_the_place_of_a_signed_pack(made: Dealership, closed: CloseResult) -> None:
    assert closed.pack is not None
    with made.open() as house, pytest.raises(UsageError, match="signed pack"):
        draft_pack(house, BOOK, PERIOD, closed.pack)
    assert verify_pack(closed.pack).intact


def test_two_who_sign_at_once_do_not_write_over_each_other(made: Dealership) -> None:
    with made.open() as house, Lease(house.store, f"close:{BOOK}"), pytest.raises(LeaseLost):
        close_with_pack(house, BOOK, "2026-08", sign="Bob Ray")


def test_a_pack_whose_period_was_reopened_no_longer_holds(made: Dealership, closed: CloseResult) -> None:
    """Last of the module: it moves the period on."""
    assert closed.pack is not None
    with made.open() as house:
        reopen(house, BOOK, PERIOD, who="Ann Lee", reason="a late invoice", approver="Bob Ray")
        verdict = held_against_store(house, verify_pack(closed.pack))
        assert [one.what for one in verdict.problems] == ["no longer holds: 2026-09 is reopened"]
        accept = [one.code for one in closed.accepted]
        again = close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="again", accept=accept)
        assert again.pack == closed.pack.with_name("pack-2")
        assert held_against_store(house, verify_pack(again.pack)).intact
        old = held_against_store(house, verify_pack(closed.pack))
    assert [one.what for one in old.problems] == ["is not certificate 2, with which the store holds the period"]
