"""What `dealbooks close` says after a look or a signature: what changed, why it does not count, and what to type."""

from __future__ import annotations

from pathlib import Path

import pytest
from reconcile_support import BOOK, MARCH, UK_MARCH, SmallHouse

from dealbooks.cli import periods
from dealbooks.pipeline.close import close
from dealbooks.store import Store

PERIOD = "2026-03"
CHANGED = "not as it was when it was shown before"


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> SmallHouse:
    """A month that was shown before one of its deals was posted, and again after that."""
    made = SmallHouse(sqlite_store, tmp_path / "var", post_from=MARCH.first)
    for name in UK_MARCH[:-1]:
        made.take(name)
    made.drain()
    close(made, BOOK, PERIOD)
    made.take(UK_MARCH[-1])
    made.drain()
    return made


def said(house: SmallHouse, capsys: pytest.CaptureFixture[str], *, sign: str = "", accept: bool = False) -> str:
    codes = sorted({one.code for one in close(house, BOOK, PERIOD).obstacles}) if accept else []
    result = close(house, BOOK, PERIOD, sign=sign or None, note="seen", accept=codes)
    capsys.readouterr()
    periods._say_where_it_stands(result, sign)
    return " ".join(capsys.readouterr().out.split())


def test_what_changed_is_said_after_a_look_and_to_who_signs_without_one(
    house: SmallHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = said(house, capsys, sign="Ann Lee")
    assert CHANGED in signed
    assert "No signature counts for this yet" in signed
    assert CHANGED in said(house, capsys)


def test_what_changed_before_the_look_is_not_said_again_to_who_signs(
    house: SmallHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert CHANGED in said(house, capsys)
    signed = said(house, capsys, sign="Ann Lee")
    assert CHANGED not in signed
    assert "The signature does not count, because something stands in the way" in signed
    assert "--accept '" in signed
    assert "is closed" in said(house, capsys, sign="Ann Lee", accept=True)
