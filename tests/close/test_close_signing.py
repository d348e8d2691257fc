"""Signing a close: what was shown is what is signed, by whom, and how that is proved without the store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from close_support import BOOK, PERIOD, copy_of, september
from pack_support import remade
from pipeline_support import Dealership, sale

from dealbooks.closing.keys import holds, new_key, read_key
from dealbooks.closing.signers import ACCOUNT, KEY, TYPED, Signer, identify
from dealbooks.closing.statement import signed_bytes
from dealbooks.config_close import SignerConfig
from dealbooks.errors import UsageError
from dealbooks.pack import close_with_pack, verify_pack
from dealbooks.periods import PeriodState
from dealbooks.pipeline.close import CloseResult
from dealbooks.pipeline.periods import history
from dealbooks.store.audit import verify


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return september(tmp_path_factory.mktemp("september"))


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Iterator[Dealership]:
    made = copy_of(template, tmp_path / "shop")
    yield made
    made.close()


@pytest.fixture
def two(template: Path, tmp_path: Path) -> Iterator[Dealership]:
    """A book that two people sign, each with a key."""
    made = copy_of(template, tmp_path / "shop", close={"four_eyes": True})
    made.settings["signers"] = {
        name: {"key": new_key(made.folder / f"{name[:2].lower()}.key").public} for name in ("Ann Lee", "Bo Ray")
    }
    made.write_config()
    yield made
    made.close()


def shown(shop: Dealership) -> CloseResult:
    with shop.open() as house:
        return close_with_pack(house, BOOK, PERIOD)


def signed(shop: Dealership, who: str = "Ann Lee", *, key: str = "", note: str = "seen") -> CloseResult:
    """Signed with everything accepted that may be."""
    with shop.open() as house:
        file = shop.folder / key if key else None
        signer = identify(house.config.signers, who, key_file=file)
        codes = {one.code for one in close_with_pack(house, BOOK, PERIOD).obstacles if one.acceptable}
        return close_with_pack(house, BOOK, PERIOD, sign=signer, note=note, accept=sorted(codes))


def state(shop: Dealership) -> PeriodState:
    with shop.open() as house:
        found = history(house, BOOK)
    return found[0].state if found else PeriodState.OPEN


def certificate_of(result: CloseResult) -> dict[str, Any]:
    assert result.certificate is not None
    found: dict[str, Any] = json.loads(result.certificate.read_text("utf-8"))
    return found


def keep_intact(shop: Dealership) -> None:
    with shop.open() as house:
        assert verify(house.store).breaks == ()


@pytest.mark.long
def test_what_is_shown_twice_is_one_statement(shop: Dealership) -> None:
    first, second = shown(shop), shown(shop)
    assert first.shown is not None
    assert second.shown == first.shown
    assert Path(first.shown.page).is_file()
    assert state(shop) is PeriodState.OPEN


def test_a_signed_month_says_who_signed_what(shop: Dealership) -> None:
    before = shown(shop)
    assert before.shown is not None
    done = signed(shop)
    certificate = certificate_of(done)
    assert certificate["statement"] == before.shown.statement
    assert [(one["part"], one["name"], one["identified_by"]) for one in certificate["signatures"]] == [
        ("signed by", "Ann Lee", TYPED), ("prepared by", "test", "the account that ran the program"),
    ]  # fmt: skip
    assert {one["note"] for one in certificate["accepted"]} == {"seen"}
    assert done.pack is not None
    assert verify_pack(done.pack).problems == ()
    keep_intact(shop)


def test_a_note_for_each_exception(shop: Dealership) -> None:
    [one, other, *rest] = shown(shop).obstacles
    with shop.open() as house:
        accept = [f"{one.id}=the lender pays on 2 October", *(item.id for item in (other, *rest))]
        done = close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="the others are known", accept=accept)
    notes = {item["id"]: item["note"] for item in certificate_of(done)["accepted"]}
    assert notes[one.id] == "the lender pays on 2 October"
    assert notes[other.id] == "the others are known"


def test_the_ledger_changing_between_report_and_signature_voids_it(shop: Dealership) -> None:
    codes = sorted({one.code for one in shown(shop).obstacles})
    lost = next(iter(shop.files()))
    (shop.folder / "books" / lost).unlink()
    with shop.open() as house:
        result = close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="seen", accept=codes)
    assert not result.closed
    assert any("deleted_in_ledger" in text for text in result.changed), result.changed
    assert state(shop) is PeriodState.OPEN
    assert not (shop.folder / "var" / "closes").exists()
    again = signed(shop)
    assert again.closed
    assert "deleted_in_ledger" in {one["code"] for one in certificate_of(again)["accepted"]}
    assert [row["state"] for row in shop.rows("signoffs")] == ["superseded", "closed"]


@pytest.mark.long
def test_a_deal_that_comes_between_report_and_signature_voids_it(shop: Dealership) -> None:
    codes = sorted({one.code for one in shown(shop).obstacles})
    shop.sales(25, sale(7))
    shop.sync()
    with shop.open() as house:
        result = close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="seen", accept=codes)
    assert (result.closed, state(shop)) == (False, PeriodState.OPEN)
    assert result.changed


def test_two_people_sign_with_two_keys(two: Dealership) -> None:
    first = signed(two, "Ann Lee", key="an.key")
    assert not first.closed
    assert first.shown is not None
    assert first.shown.wanted == 1
    assert state(two) is PeriodState.OPEN
    with two.open() as house:  # the accepted exceptions are accepted already; the second one only signs
        signer = identify(house.config.signers, "Bo Ray", key_file=two.folder / "bo.key")
        done = close_with_pack(house, BOOK, PERIOD, sign=signer, note="reviewed")
    certificate = certificate_of(done)
    assert [(one["name"], one["identified_by"]) for one in certificate["signatures"]][:2] == [
        ("Ann Lee", KEY), ("Bo Ray", KEY),
    ]  # fmt: skip
    assert all(
        holds(one["key"], signed_bytes(certificate["statement"], one), one["signature"])
        for one in certificate["signatures"][:2]
    )
    assert done.pack is not None
    keys = {name: config["key"] for name, config in two.settings["signers"].items()}
    assert verify_pack(done.pack, keys=keys).problems == ()
    keep_intact(two)


def test_one_person_or_one_key_is_not_two(two: Dealership) -> None:
    signed(two, "Ann Lee", key="an.key")
    with pytest.raises(UsageError, match="has signed already"):
        signed(two, "Ann Lee", key="an.key")
    with pytest.raises(UsageError, match="not the key of Bo Ray"):
        signed(two, "Bo Ray", key="an.key")
    two.settings["signers"]["Bo Ray"]["key"] = two.settings["signers"]["Ann Lee"]["key"]
    two.write_config()
    with pytest.raises(UsageError, match="one that Ann Lee signed with"):
        signed(two, "Bo Ray", key="an.key")
    assert state(two) is PeriodState.OPEN


def test_a_book_of_two_takes_no_typed_name(two: Dealership) -> None:
    with pytest.raises(UsageError, match="each with a personal signing key"):
        signed(two, "Cy Dow")
    with pytest.raises(UsageError, match="signs with a personal key"):
        signed(two, "Ann Lee")


@pytest.mark.long
def test_the_first_signature_is_void_when_something_changes(two: Dealership) -> None:
    signed(two, "Ann Lee", key="an.key")
    two.sales(25, sale(7))
    two.sync()
    result = signed(two, "Bo Ray", key="bo.key")
    assert result.shown is not None
    assert [one["name"] for one in result.shown.signatures] == ["Bo Ray"]
    assert not result.closed
    assert sorted(row["state"] for row in two.rows("signatures")) == ["counts", "void"]


def keyed(shop: Dealership) -> CloseResult:
    """Signed by one person with a key."""
    shop.settings["signers"] = {"Ann Lee": {"key": new_key(shop.folder / "an.key").public}}
    shop.write_config()
    return signed(shop, key="an.key")


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda one: one["signatures"][0].update(note="another note"), "is not by the key"),
        (lambda one: one["signatures"][0].update(name="Bo Ray"), "is not by the key"),
        (lambda one: one["signatures"][0].update(signature="AAAA"), "is not by the key"),
        (lambda one: one["statement"].update(audit_head={"book": BOOK, "links": 1, "hash": "0"}), "is not by the key"),
        (lambda one: one["accepted"].pop(), "other exceptions were accepted"),
        (lambda one: one.update(agreed=False), "another agreed"),
        (lambda one: one.pop("statement"), "holds no statement"),
        (lambda one: one.update(signatures="Ann"), "cannot be read"),
    ],
)
def test_a_forger_who_makes_the_pack_anew_cannot_make_the_signature(shop: Dealership, change: Any, word: str) -> None:
    done = keyed(shop)
    assert done.pack is not None
    assert verify_pack(done.pack).problems == ()
    certificate = json.loads((done.pack / "certificate.json").read_text("utf-8"))
    change(certificate)
    (done.pack / "certificate.json").write_text(json.dumps(certificate), "utf-8")
    if certificate["signatures"] != "Ann":
        remade(done.pack)
    assert any(word in one.what for one in verify_pack(done.pack).problems)


def test_a_pinned_key_must_have_signed(shop: Dealership) -> None:
    done = keyed(shop)
    assert done.pack is not None
    other = new_key(shop.folder / "other.key").public
    assert any("Ann Lee" in one.what for one in verify_pack(done.pack, keys={"Ann Lee": other}).problems)
    assert any("Bo Ray" in one.what for one in verify_pack(done.pack, keys={"Bo Ray": other}).problems)
    assert verify_pack(done.pack, keys={"Ann Lee": read_key(shop.folder / "an.key").public}).problems == ()


@pytest.mark.long
def test_a_pinned_key_is_not_taken_on_its_word(shop: Dealership) -> None:
    """A forger names the key, and says that the name was only typed."""
    done = keyed(shop)
    assert done.pack is not None
    certificate = json.loads((done.pack / "certificate.json").read_text("utf-8"))
    certificate["signatures"][0] |= {"identified_by": TYPED, "note": "another note"}
    (done.pack / "certificate.json").write_text(json.dumps(certificate), "utf-8")
    remade(done.pack)
    assert verify_pack(done.pack).problems == (), "a typed name proves nothing"
    public = read_key(shop.folder / "an.key").public
    assert any(
        "was not signed by Ann Lee" in one.what for one in verify_pack(done.pack, keys={"Ann Lee": public}).problems
    )


def test_a_key_that_others_can_read_signs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "an.key"
    public = new_key(file).public
    assert file.stat().st_mode & 0o777 == 0o600
    assert public not in file.read_text("utf-8")
    file.chmod(0o640)
    with pytest.raises(UsageError, match="Others can read"):
        read_key(file)
    with pytest.raises(UsageError, match="there already"):
        new_key(file)


def test_how_a_signer_is_known() -> None:
    known = {"Ann Lee": SignerConfig(account="alee")}
    assert identify(known, "ann  lee", account="alee") == Signer("Ann Lee", ACCOUNT, "alee")
    assert identify(known, "Bo Ray", account="alee") == Signer("Bo Ray", TYPED, "alee")
    with pytest.raises(UsageError, match="signs from the account alee"):
        identify(known, "Ann Lee", account="root")
    with pytest.raises(UsageError, match="signed by a person"):
        identify(known, "  ")


@pytest.mark.long
def test_a_decline_is_kept_and_the_month_can_be_shown_again(shop: Dealership) -> None:
    from dealbooks.pipeline.signoff import decline

    found = shown(shop).shown
    assert found is not None
    with shop.open() as house:
        decline(house.store, "test", found, Signer("Ann Lee"), "the stock count is missing")
    assert [row["state"] for row in shop.rows("signatures")] == ["declined"]
    again = shown(shop).shown
    assert again is not None
    assert (again.number, again.signatures) == (2, ())
    assert signed(shop).closed
    keep_intact(shop)
