"""Segregation of duties: who worked on a month is not the only one who signs it, where the book asks for that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from close_support import BOOK, PERIOD, copy_of, dealership, september
from pipeline_support import Dealership, sale

from dealbooks.closing.signers import Signer
from dealbooks.errors import UsageError
from dealbooks.periods import Period
from dealbooks.pipeline.close import CloseResult, close
from dealbooks.pipeline.facts_entered import Entered, enter
from dealbooks.pipeline.quarantine import fix
from dealbooks.pipeline.separate import check_separate, workers
from dealbooks.pipeline.signoff import Shown


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A September in which Pat Vale corrected a deal."""
    folder = september(tmp_path_factory.mktemp("september"))
    made = dealership(folder)
    made.sales(13, sale(5, vehicle_cost="", stock_book_price="8000.00"))
    made.sync()
    with made.open() as house:
        fix(house, "N-5", "vehicle_cost", "8000.00", who="Pat Vale", why="purchase invoice 4471")
    made.sync()
    made.close()
    return folder


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Iterator[Dealership]:
    made = copy_of(template, tmp_path / "shop", close={"segregation": True})
    yield made
    made.close()


def signed(shop: Dealership, who: str) -> CloseResult:
    with shop.open() as house:
        codes = sorted({one.code for one in close(house, BOOK, PERIOD).obstacles if one.acceptable})
        return close(house, BOOK, PERIOD, sign=who, note="seen", accept=codes)


def test_who_corrected_a_deal_does_not_sign_alone(shop: Dealership) -> None:
    with shop.open() as house, pytest.raises(UsageError, match="pat vale corrected a deal in 2026-09, and may not"):
        close(house, BOOK, PERIOD, sign="pat  vale", note="seen")


@pytest.mark.long
def test_somebody_else_signs_it(shop: Dealership) -> None:
    assert signed(shop, "Ann Lee").closed


@pytest.mark.long
def test_a_book_that_does_not_ask_lets_anybody_sign(shop: Dealership) -> None:
    shop.book["close"] = {"segregation": False}
    shop.write_config()
    assert signed(shop, "Pat Vale").closed


def test_of_two_signers_one_must_not_have_worked_on_the_month(shop: Dealership) -> None:
    shop.book["close"] = {"segregation": True, "four_eyes": True}
    shop.write_config()
    pat, ann, month = Signer("Pat Vale"), Signer("Ann Lee"), Period.parse(PERIOD)

    def after(*names: str) -> Shown:
        signatures = tuple({"name": name, "accepted": ()} for name in names)
        return Shown("x", BOOK, PERIOD, 1, {"four_eyes": True}, {}, "", "", 0, "", (), signatures)

    with shop.open() as house:
        check_separate(house, BOOK, month, None, pat)  # the first of two
        check_separate(house, BOOK, month, after("Pat Vale"), ann)
        check_separate(house, BOOK, month, after("Ann Lee"), pat)
        with pytest.raises(UsageError, match="may not be the only one"):
            check_separate(house, BOOK, month, after("PAT VALE"), pat)


def test_who_entered_money_worked_on_the_month_of_the_deal(shop: Dealership) -> None:
    money = Entered(
        deal="N-2", kind="funding", amount=Decimal("9000.00"), day=date(2026, 9, 20), method="bank_transfer",
        reference="W-1",
    )  # fmt: skip
    with shop.open() as house:
        enter(house, money, who="Sam Booth", why="remittance advice")
        with house.store.read() as conn:
            assert workers(conn, BOOK, Period.parse(PERIOD)) == {
                "pat vale": "corrected a deal", "sam booth": "entered money",
            }  # fmt: skip
            assert workers(conn, BOOK, Period.parse("2026-10")) == {}
