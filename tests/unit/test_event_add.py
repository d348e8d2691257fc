"""`dealbooks event add`: money that a person enters goes the way of an events file, and is checked before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_support import Cli
from pipeline_support import Dealership, financed, sale, void

WHO = ("--who", "Ann Lee", "--why", "bank statement of 15 September")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Dealership]:
    made = Dealership(tmp_path / "shop", f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.close()


def _cli(shop: Dealership) -> Cli:
    shop.close()
    return Cli(shop.folder)


def _add(
    shop: Dealership, deal: str, kind: str, amount: str, *more: str, code: int = 0, day: str = "2026-09-15"
) -> Any:
    line = ("event", "add", deal, "--kind", kind, "--amount", amount, "--date", day, *more, *WHO)
    return _cli(shop).json(*line, code=code)


def _refused(shop: Dealership, *line: str) -> str:
    before = [len(shop.rows(table)) for table in ("inbox", "facts", "audit")]
    result = _cli(shop).run("event", "add", *line, *WHO)
    assert result.exit_code == 2
    assert [len(shop.rows(table)) for table in ("inbox", "facts", "audit")] == before
    return " ".join(result.output.split())


def test_a_funding_and_a_settlement_are_entered_and_posted_once(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    shop.sync()
    told = _add(shop, "N-1", "funding", "9000.00", "--reference", "F1")
    assert told == {
        "book": "northgate", "deal": "N-1", "kind": "funding", "subject": "F1", "state": "waiting", "reasons": [],
    }  # fmt: skip
    _add(shop, "N-1", "payoff", "3000.00", "--stock-number", "U1P", "--method", "bank_transfer")
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == ["funding-F1", "payoff-U1P", "sale-v1"]
    books = shop.files()
    assert _add(shop, "N-1", "funding", "9000", "--reference", "f1")["state"] == "known"
    shop.events(16, ("N-1", "funded", "9000.00", "F1", ""))  # the file tells it too
    assert shop.sync().exit_code == 0
    assert shop.files() == books
    shop.sound()


def test_who_and_why_stand_in_the_audit_chain(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    shop.sync()
    _add(shop, "N-1", "funding", "9000.00", "--reference", "F1")
    entered = [row for row in shop.rows("audit") if row["actor"] == "Ann Lee"]
    assert any("bank statement of 15 September" in row["action"] for row in entered)
    assert '"inbox"' in entered[0]["changes"]


def test_a_payment_before_its_deal_names_its_book_and_waits(shop: Dealership) -> None:
    said = _refused(shop, "N-1", "--kind", "payment", "--amount", "10000", "--date", "2026-09-15")
    assert "--book" in said
    said = _refused(
        shop, "N-1", "--kind", "payment", "--amount", "10000", "--date", "2026-09-15", "--book", "northgate"
    )
    assert "--location: LEEDS, YORK" in said
    where = ("--book", "northgate", "--location", "LEEDS")
    told = _add(shop, "N-1", "payment", "10000.00", "--reference", "BANK-7", *where)
    assert told["state"] == "waiting"
    unpaid = {"bank_transfer_paid": "", "payment_date": "", "balance_due": "10000.00"}
    shop.sales(16, sale(1) | unpaid)
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == ["receipt-BANK-7", "sale-v1"]
    shop.sound()


def test_a_refund_gives_money_back_and_never_more_than_came(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    assert "has paid 10000.00" in _refused(
        shop, "N-1", "--kind", "refund", "--amount", "10000.01", "--date", "2026-09-15"
    )
    _add(shop, "N-1", "refund", "250.00", "--reference", "RF1", "--method", "card")
    assert shop.sync().exit_code == 0
    entry = shop.entry("refund-RF1")
    assert {(line.role, str(line.amount.amount)) for line in entry.lines} == {
        ("receivable.customer", "250.00"), ("cash.bank", "-250.00"),
    }  # fmt: skip
    books = shop.files()
    assert shop.sync().exit_code == 0
    assert shop.files() == books


def test_a_refund_after_the_sale_was_taken_back_and_by_a_file(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    shop.sales(20, void(1))
    shop.sync()
    assert shop.deals()["N-1"]["state"] == "unwound"
    shop.drop(
        "DealEvents_20260921.csv",
        [{"deal_number": "N-1", "event": "refunded", "amount": "10000.00", "reference": "RF1", "date": "2026-09-21",
          "store_code": "LEEDS"}],
    )  # fmt: skip
    assert shop.sync().exit_code == 0
    assert "refund-RF1" in shop.entry_ids(1)
    assert shop.deals()["N-1"]["state"] == "unwound"
    assert not [name for name in shop.balances() if "Customer" in name]
    shop.sound()


def test_a_chargeback_is_held_against_what_the_deal_earned(shop: Dealership) -> None:
    shop.sales(11, financed(1) | {"finance_commission": "300.00"})
    shop.sync()
    line = ("N-1", "--kind", "chargeback", "--date", "2026-09-15")
    assert "brought 300.00" in _refused(shop, *line, "--amount", "300.01")
    _add(shop, "N-1", "chargeback", "300.00", "--reason", "early_payoff", "--reference", "CB1")
    assert shop.sync().exit_code == 0
    assert "chargeback-CB1" in shop.entry_ids(1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("N-1", "--kind", "gift", "--amount", "1", "--date", "2026-09-15"), "no kind gift"),
        (("N-1", "--kind", "payment", "--amount", "0", "--date", "2026-09-15"), "above zero"),
        (("N-1", "--kind", "payment", "--amount", "-5", "--date", "2026-09-15"), "--kind refund"),
        (("N-1", "--kind", "payment", "--amount", "1.001", "--date", "2026-09-15"), "more decimals"),
        (("N-1", "--kind", "payment", "--amount", "1e3", "--date", "2026-09-15"), "--amount"),
        (("N-1", "--kind", "payment", "--amount", "1", "--date", "15.09.2026"), "not a date"),
        (("N-1", "--kind", "payment", "--amount", "1", "--date", "2099-01-01"), "not come yet"),
        (("N-1", "--kind", "payment", "--amount", "1", "--date", "2026-09-15", "--method", "gold"), "no method"),
        (("N-1", "--kind", "funding", "--amount", "1", "--date", "2026-09-15"), "no finance"),
        (("N-1", "--kind", "payoff", "--amount", "1", "--date", "2026-09-15"), "N-1 has no part-exchange."),
        (("N-1", "--kind", "refund", "--amount", "1", "--date", "2026-09-15", "--product", "GAP"), "--product is for"),
        (("N-9", "--kind", "refund", "--amount", "1", "--date", "2026-09-15"), "no deal N-9"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_written(
    shop: Dealership, line: tuple[str, ...], said: str
) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    assert said in _refused(shop, *line)


def test_the_same_reference_with_another_amount_is_refused(shop: Dealership) -> None:
    shop.sales(11, financed(1))
    shop.sync()
    _add(shop, "N-1", "funding", "8000.00", "--reference", "F1")
    said = _refused(shop, "N-1", "--kind", "funding", "--amount", "9000", "--date", "2026-09-15", "--reference", "F1")
    assert "amount 8000.00" in said


def test_a_payment_that_looks_like_the_records_is_taken_and_settled_by_a_person(shop: Dealership) -> None:
    shop.sales(11, sale(1))  # 10,000.00 by bank transfer on 11 September
    shop.sync()
    _add(shop, "N-1", "payment", "10000.00", "--reference", "BANK-7", day="2026-09-11")
    assert shop.sync().exit_code == 3
    cli = _cli(shop)
    wrong = cli.run("event", "settle", "N-1", "BANK-7", *WHO)
    assert wrong.exit_code == 2
    said = cli.json("event", "settle", "N-1", "BANK-7", "--same-as", "P-BANK", *WHO)
    assert said["state"] == "settled"
    assert shop.sync().exit_code == 0
    assert shop.entry_ids(1) == ["receipt-P-BANK", "sale-v1"]
    shop.sound()
