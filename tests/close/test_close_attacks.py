"""What moves under a close between its reading and its lock, and what people write on a certificate."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from close_support import BOOK, PERIOD, copy_of, september
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from pipeline_support import Dealership

from dealbooks.closing.keys import is_public, new_key, read_key
from dealbooks.closing.signers import Signer, identify
from dealbooks.closing.statement import check_signatures
from dealbooks.config_close import SignerConfig
from dealbooks.errors import LeaseLost, StopBatch, UsageError
from dealbooks.house import House
from dealbooks.pack import close_with_pack
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.bank import import_file
from dealbooks.pipeline.close import CloseResult, close
from dealbooks.pipeline.lists import import_list
from dealbooks.pipeline.obstacles import Obstacle, accepted_notes
from dealbooks.pipeline.periods import history
from dealbooks.pipeline.reopened import reopen
from dealbooks.pipeline.signoff import decline, waiting
from dealbooks.store.audit import verify
from dealbooks.store.tables import leases

STATEMENT = "Date,Description,Paid out,Paid in,Balance,Payer\n14/09/2026,FASTER PAYMENT,,100.00,100.00,X\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return september(tmp_path_factory.mktemp("september"))


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Iterator[Dealership]:
    made = copy_of(template, tmp_path / "shop")
    yield made
    made.close()


def signed(house: House, **more: Any) -> CloseResult:
    codes = sorted({one.code for one in close(house, BOOK, PERIOD).obstacles if one.acceptable})
    return close(house, BOOK, PERIOD, sign="Ann Lee", **({"note": "seen", "accept": codes} | more))


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something once, when the certificate of a close is being made."""
    from dealbooks.pipeline import lock as locking

    real = locking.certificate_text

    def late(*given: Any) -> str:
        monkeypatch.setattr(locking, "certificate_text", real)
        act()
        return real(*given)

    monkeypatch.setattr(locking, "certificate_text", late)


def a_statement(shop: Dealership, house: House) -> None:
    file = shop.folder / "bank.csv"
    file.write_text(STATEMENT, "utf-8")
    [found] = import_file(house, "main", file)
    assert found.state == "taken", found.note


def a_list(shop: Dealership, house: House) -> None:
    file = shop.folder / "stock.csv"
    file.write_text("stock_no,amount\nS-999,1.00\n", "utf-8")
    import_list(house, "stock", BOOK, PERIOD, file)


def a_decline(_shop: Dealership, house: House) -> None:
    with house.store.read() as conn:
        found = waiting(conn, BOOK, Period.parse(PERIOD))
    assert found is not None
    decline(house.store, "test", found, Signer("Bo Ray"), "not yet")


def test_what_comes_between_reading_and_lock_stops_it(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.settings["bank_accounts"] = {"main": {"book": BOOK, "currency": "GBP"}}
    shop.write_config()
    with shop.open() as house:
        for act in (a_statement, a_list, a_decline):
            meanwhile(monkeypatch, partial(act, shop, house))
            with pytest.raises(StopBatch, match="changed while it was being closed"):
                signed(house)
            assert [row.state for row in history(house, BOOK)] == [PeriodState.OPEN], act
            assert not list((shop.folder / "var" / "closes").rglob("certificate*")), act
        assert signed(house).closed
        assert verify(house.store).breaks == ()


@pytest.mark.long
def test_files_that_are_written_while_they_are_read_are_read_again(
    shop: Dealership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pack holds the records as they were listed, and a copy of the files: both are of one ledger, or there is
    none."""
    with shop.open() as house:
        kind = type(house.ledger(BOOK))
    real, left = kind.records, ["once"]

    def and_somebody_types(self: Any, *given: Any) -> Any:
        yield from list(real(self, *given))
        if left:
            left.pop()
            with (shop.folder / "books" / BOOK / "main.beancount").open("a", encoding="utf-8") as file:
                file.write("; a note\n")

    monkeypatch.setattr(kind, "records", and_somebody_types)
    with shop.open() as house:
        assert close_with_pack(house, BOOK, PERIOD).shown is not None
        assert left == []
        left += ["again"] * 9
        with pytest.raises(StopBatch, match="written to while it was read"):
            close_with_pack(house, BOOK, PERIOD)


@pytest.mark.long
def test_who_has_lost_the_lease_moves_no_period(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was stopped right after its signature, while another one took the close over."""
    from dealbooks.pipeline import close as closing

    real = closing.lock

    def overtaken(*given: Any, **more: Any) -> Any:
        with shop.open() as house, house.store.transaction("test", "another one takes it over") as tx:
            tx.conn.execute(leases.update().where(leases.c.name == f"close:{BOOK}").values(token=99))
        return real(*given, **more)

    monkeypatch.setattr(closing, "lock", overtaken)
    with shop.open() as house:
        codes = sorted({one.code for one in close_with_pack(house, BOOK, PERIOD).obstacles})
        with pytest.raises(LeaseLost):
            close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="seen", accept=codes)
        assert history(house, BOOK) == ()


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("seen\x1b[2Kand gone", "cannot be printed"),
        ("seen \udcff", "cannot be printed"),
        ("paid \u202e00.01\u202c", "cannot be printed"),
        ("x" * 501, "501 characters"),
    ],
)
def test_a_note_that_is_none_is_refused_before_anything_is_read(shop: Dealership, note: str, words: str) -> None:
    found = [Obstacle("93b8db6827", "cit_unpaid", "The lender has not paid.", "Ask.", acceptable=True)]
    with shop.open() as house:
        for more in ({"note": note, "sign": "Ann Lee"}, {"sign": note}):
            with pytest.raises(UsageError, match=words):
                close(house, BOOK, PERIOD, **more)
    with pytest.raises(UsageError, match=words):
        accepted_notes([f"cit_unpaid={note}"], "", found)
    with pytest.raises(UsageError, match=words):
        identify({}, note)


def test_a_note_makes_no_line_of_its_own_on_a_certificate(shop: Dealership) -> None:
    with shop.open() as house:
        note = "seen\nSigned by      Bo Ray, 2026-10-01T09:00:00Z, identified by: personal signing key"
        accept = [f"{one.id}=<b>ok</b>\r\nBo Ray" for one in close(house, BOOK, PERIOD).obstacles]
        done = signed(house, note=note, accept=accept)
        assert done.certificate is not None
        assert done.shown is not None
        with pytest.raises(UsageError, match="is closed, and waits for nobody"):
            decline(house.store, "test", done.shown, Signer("Bo Ray"), "too late")
        text = done.certificate.with_suffix(".txt").read_text("utf-8")
        assert not any(line.startswith(("Signed by      Bo Ray", "Bo Ray")) for line in text.splitlines())
        for approver in ("ann  lee", "ANN LEE", "A\u200bnn Lee", "Ａnn Lee"):
            with pytest.raises(UsageError, match="somebody else"):
                reopen(house, BOOK, PERIOD, who="Ann Lee", reason="late cost", approver=approver)
        with pytest.raises(UsageError, match="cannot be printed"):
            reopen(house, BOOK, PERIOD, who="Ann Lee", reason="late\x00cost", approver="Bo Ray")


def test_one_name_is_one_person_however_it_is_typed(tmp_path: Path) -> None:
    one, other = new_key(tmp_path / "1.key"), new_key(tmp_path / "2.key")
    known = {"Zoë Lee": SignerConfig(key=one.public)}
    assert identify(known, "Zoe\u0308  LEE", key_file=tmp_path / "1.key").name == "Zoë Lee"
    twice = known | {"zoe\u0308 lee": SignerConfig(key=other.public)}
    with pytest.raises(UsageError, match="are one name"):
        identify(twice, "Zoë Lee", key_file=tmp_path / "2.key")
    statement = {"four_eyes": True}
    signatures = [{"name": name, "key": key.public} for name, key in (("Zoë Lee", one), ("ZOE\u0308 LEE", other))]
    _, wrong = check_signatures({"statement": statement, "signatures": signatures}, "")
    assert any("two people" in text for text in wrong)


def test_one_key_has_one_text(tmp_path: Path) -> None:
    public = new_key(tmp_path / "1.key").public
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = public[:-2] + last[last.index(public[-2]) + 1] + "="
    assert base64.b64decode(other.partition(":")[2]) == base64.b64decode(public.partition(":")[2])
    assert is_public(public)
    assert not is_public(other)


def _locked(file: Path) -> None:
    file.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    )


def _cut(file: Path) -> None:
    new_key(file)
    file.write_bytes(file.read_bytes()[:60])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_locked, "locked with a password"),
        (_cut, "holds no signing key"),
        (os.mkfifo, "is no file"),
        (Path.mkdir, "cannot be read|is no file"),
        (lambda file: file.write_bytes(b""), "holds no signing key"),
        (lambda file: file.write_bytes(b"-" * 10_000_000), "holds no signing key"),
    ],
)
def test_what_is_no_key_says_why(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    file = tmp_path / "ann.key"
    make(file)
    file.chmod(0o600)
    with pytest.raises(UsageError, match=words):
        read_key(file)


def test_a_disk_that_is_full_leaves_no_half_of_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dealbooks.closing.keys.os.fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        new_key(tmp_path / "ann.key")
    assert list(tmp_path.iterdir()) == []
