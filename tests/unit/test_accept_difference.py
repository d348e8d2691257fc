"""A person accepts that the ledger's own figures stand: exactly those, and never for a document that is gone."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from reconcile_support import BOOK, SmallHouse, key_of
from sqlalchemy import select

from dealbooks.errors import UsageError
from dealbooks.pipeline.accept import accept_difference
from dealbooks.pipeline.close import close, write_report
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.store import Store
from dealbooks.store.audit import verify
from dealbooks.store.tables import deals, effects

PERIOD = "2026-03"


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> SmallHouse:
    """A month in which the ledger has computed the tax of a sale a cent otherwise."""
    made = SmallHouse(sqlite_store, tmp_path / "var")
    made.take("G10")
    made.take("G11")
    with sqlite_store.read() as conn:
        row = conn.execute(select(effects).where(effects.c.entry == key_of("G10", "sale-v1"))).mappings().one()
    total = Decimal(json.loads(row["payload"])["total"])
    made.kept.altered[row["id"]] = str(total + Decimal("0.01"))
    made.drain()
    return made


def nudge(house: SmallHouse, by: str = "0.01") -> None:
    """The lines of the sale as the ledger lists them: two of them, so that it balances."""
    place = next(i for i, one in enumerate(house.kept.listing) if one.key == key_of("G10", "sale-v1"))
    first, second, *rest = house.kept.listing[place].lines
    amount = Decimal(by)
    lines = (replace(first, amount=first.amount + amount), replace(second, amount=second.amount - amount), *rest)
    house.kept.listing[place] = replace(house.kept.listing[place], lines=lines)


def row_of(house: SmallHouse, entry_id: str = "sale-v1") -> dict[str, Any]:
    with house.store.read() as conn:
        query = select(effects).where(effects.c.entry == key_of("G10", entry_id))
        return dict(conn.execute(query).mappings().one())


def number(house: SmallHouse) -> str:
    with house.store.read() as conn:
        return str(conn.execute(select(deals.c.deal_number).where(deals.c.id == "G10")).scalar_one())


def accept(house: Any, effect: str = "", **changes: str) -> Any:
    given = {"who": "Ann Lee", "why": "a cent of tax, computed by the ledger"} | changes
    return accept_difference(house, number(house), effect or row_of(house)["id"][:12], **given)


def test_what_is_accepted_is_posted_and_shown_as_accepted(house: SmallHouse) -> None:
    nudge(house)
    before = reconcile(house, BOOK, PERIOD)
    assert [one.code for one in before.differences] == ["amount_mismatch"]
    done = accept(house)
    assert done.differences[0].startswith("total: we expect")
    row = row_of(house)
    assert row["state"] == "posted"
    assert row["reason"].startswith("Accepted by Ann Lee: a cent of tax")
    after = reconcile(house, BOOK, PERIOD)
    assert after.agreed
    assert not after.differences
    assert not after.cut_off
    assert [(one.said.who, one.found.difference) for one in after.accepted] == [
        ("Ann Lee", before.differences[0].difference)
    ]
    assert after.as_json()["accepted"][0]["why"] == done.why
    report = write_report(house, after).read_text(encoding="utf-8")
    assert "## Accepted differences" in report
    assert "but for 1 accepted difference" in report
    assert verify(house.store).breaks == ()


def test_a_close_tells_what_was_accepted(house: SmallHouse) -> None:
    nudge(house)
    accept(house)
    found = close(house, BOOK, PERIOD)
    named = {one.subject for one in found.reconciliation.differences}
    assert not named
    ids = [one.id for one in found.obstacles if one.acceptable]
    done = close(house, BOOK, PERIOD, sign="Ann Lee", note="open items", accept=ids)
    assert done.closed, done.obstacles
    assert done.certificate is not None
    text = done.certificate.with_suffix(".txt").read_text(encoding="utf-8")
    assert "Differences that were accepted before:" in text
    assert "Ann Lee: a cent of tax" in text


def test_any_other_difference_is_an_exception_again(house: SmallHouse) -> None:
    nudge(house)
    accept(house)
    nudge(house, "0.05")
    after = reconcile(house, BOOK, PERIOD)
    assert after.accepted == ()
    assert [one.code for one in after.differences] == ["edited_after_posting"]


def test_it_is_accepted_once_and_by_somebody(house: SmallHouse) -> None:
    for changes in ({"who": ""}, {"why": " "}):
        with pytest.raises(UsageError, match="by somebody, for a reason"):
            accept(house, **changes)
    effect = row_of(house)["id"][:12]
    for wrong in ("", "0", "ffffffffffff"):
        with pytest.raises(UsageError, match="is no disputed write call") as error:
            accept_difference(house, number(house), wrong, who="Ann Lee", why="x")  # type: ignore[arg-type]
        assert effect in error.value.fix
    accept(house)
    with pytest.raises(UsageError, match="there is no difference to be accepted"):
        accept(house)


def test_what_is_gone_cannot_be_accepted(house: SmallHouse) -> None:
    house.kept.documents.pop(row_of(house)["id"])
    with pytest.raises(UsageError, match="does not show sale-v1") as error:
        accept(house)
    assert "issue-again" in error.value.fix
    assert row_of(house)["state"] == "disputed"


def test_what_equals_now_needs_no_acceptance(house: SmallHouse) -> None:
    house.kept.altered.clear()
    with pytest.raises(UsageError, match="as we expect it now"):
        accept(house)
    house.drain()
    assert row_of(house)["state"] == "posted"


@pytest.mark.parametrize("figure", ["status", "customer", "currency"])
def test_another_document_is_never_accepted(house: SmallHouse, figure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.kept, "expected", lambda request: {figure: "what we sent"})
    with pytest.raises(UsageError, match=f"another {figure}"):
        accept(house)
    assert row_of(house)["state"] == "disputed"
