"""Packs that were signed by earlier versions of the program, and what writers that were killed leave."""

from __future__ import annotations

import json
import os
import shutil
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from close_support import BOOK, PERIOD, copy_of, september
from pack_support import remade
from pipeline_support import Dealership

from dealbooks.errors import LeaseLost, UsageError
from dealbooks.pack import draft_pack, files, verify_pack
from dealbooks.pipeline import certificate
from dealbooks.store import Lease

# A month that two people signed, with an accepted exception, as format 1 was first made. It must verify for ever:
# where a change makes it fail, the change needs a format of its own.
SIGNED = Path(__file__).parents[1] / "data" / "packs" / "format-1.zip"


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("kept") / "pack"
    with zipfile.ZipFile(SIGNED) as archive:
        archive.extractall(place)
    return place


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dealership]:
    folder = tmp_path_factory.mktemp("september")
    made = copy_of(september(folder / "template"), folder / "shop")
    yield made
    made.close()


def test_a_pack_that_an_earlier_version_signed_is_as_it_was_made(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the program has other words by now."""
    monkeypatch.setattr(certificate, "FORMAT", 3)
    monkeypatch.setattr(certificate, "_TEXTS", {**certificate._TEXTS, 3: lambda data: f"Of {data['book']}"})
    monkeypatch.setattr(files, "FORMATS", frozenset({1, 2, 3}))
    verdict = verify_pack(pack)
    assert verdict.problems == ()
    assert any("Ann Lee, Bo Ray" in one for one in verdict.checked)
    assert any(one.startswith("bean-check over") for one in verdict.checked)


def test_an_exception_that_a_forger_took_from_the_page_is_named(pack: Path, tmp_path: Path) -> None:
    """The page is of no signature; what it must show is in report.json, which is."""
    copy = tmp_path / "pack"
    shutil.copytree(pack, copy)
    page = copy / "report.html"
    name = json.loads((copy / "report.json").read_text("utf-8"))["exceptions"][0]["id"]
    page.write_text(page.read_text("utf-8").replace(f'id="e-{name}"', 'id="e-0"'), "utf-8")
    remade(copy)
    assert [(one.file, one.what) for one in verify_pack(copy).problems if one.file == "report.html"] == [
        ("report.html", f"does not show exception {name} of report.json")
    ]


def test_the_words_of_format_1_stay_and_another_format_is_told(pack: Path, tmp_path: Path) -> None:
    data = json.loads((pack / "certificate.json").read_text("utf-8"))
    text = (pack / "certificate.txt").read_text("utf-8")
    assert certificate.certificate_text(data, 1) == text
    for form in (3, "1", True, 0, None):
        manifest = json.loads((pack / "manifest.json").read_text("utf-8")) | {"format": form}
        copy = tmp_path / f"pack-{form}"
        copy.mkdir()
        (copy / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        told = "of format 3, and this program knows 1, 2" if form == 3 else "no close pack"
        with pytest.raises(UsageError, match=told):
            verify_pack(copy)


def _killed(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft whose process is killed when its pack is about to take its place."""
    shop.close()
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(Path, "rename", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        with shop.open() as house:
            draft_pack(house, BOOK, PERIOD)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def test_a_draft_that_was_killed_leaves_nothing_behind(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = shop.folder / "var" / "packs"
    _killed(shop, monkeypatch)
    [left] = packs.iterdir()
    assert left.name.startswith(".")
    own = packs / f".{BOOK}-{PERIOD}-draft.mine"
    own.mkdir()
    with shop.open() as house:
        made = draft_pack(house, BOOK, PERIOD)
    assert sorted(packs.iterdir()) == [own, made.folder]
    assert verify_pack(made.folder).intact


def test_of_two_who_write_packs_of_a_book_at_once_one_refuses_in_words(shop: Dealership) -> None:
    with shop.open() as house, Lease(house.store, f"close:{BOOK}"), pytest.raises(LeaseLost, match="another process"):
        draft_pack(house, BOOK, PERIOD)
    with shop.open() as house, pytest.raises(UsageError, match="no book called"):
        draft_pack(house, "nowhere", PERIOD)
