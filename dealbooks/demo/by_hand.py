"""What people might do by hand in the ledger of the demo's first month, so that its close has something to find.

It goes through the ledger's files, as somebody with a text editor would; the store is not touched. `dealbooks demo`
does it in a copy of its books.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BOOK = "northgate"
PERIOD = "2026-07"


@dataclass(frozen=True, slots=True)
class ByHand:
    """One thing done by hand, and under which class and of which deal the close must name it; no deal: of none."""

    what: str
    code: str
    deal: str = ""


def change_by_hand(books: Path) -> tuple[ByHand, ...]:
    """Change the ledger files of Northgate's July under `books`, the folder of the demo's ledgers.

    Raises:
        ValueError: when an entry that is to be changed does not stand there as the demo posts it.
    """
    ledger, main = books / BOOK / "ledger", books / BOOK / "main.beancount"
    files = {_named(text): path for path in sorted(ledger.rglob("*.beancount")) if (text := path.read_text("utf-8"))}
    files["NG-70105", "receipt-P-BANK"].unlink()
    # A trade sale of 17,795.00, which is in the customer's account and in sales.
    _swap(files["NG-70106", "sale-v1"], ("  17795.00 GBP", "  17595.00 GBP"), ("  -17795.00 GBP", "  -17595.00 GBP"))
    _swap(
        files["NG-70108", "sale-v1"],
        ("Expenses:5000-Cost-of-new-vehicles  22", "Expenses:5010-Cost-of-used-vehicles  22"),
    )
    _swap(files["NG-70110", "sale-v1"], (f"{PERIOD}-", "2026-08-"))
    with main.open("a", encoding="utf-8") as typed:
        typed.write(_TYPED)
    return (
        ByHand("The bank transfer of deal NG-70105 was deleted.", "deleted_in_ledger", "NG-70105"),
        ByHand("200.00 were taken off the price of deal NG-70106.", "edited_after_posting", "NG-70106"),
        ByHand("The bank transfer of deal NG-70107 was typed in again.", "duplicate", "NG-70107"),
        ByHand("The cost of deal NG-70108 was moved to used vehicles.", "wrong_account", "NG-70108"),
        ByHand("The sale of deal NG-70110 was moved into August.", "wrong_period", "NG-70110"),
        ByHand("A valeting paid in cash was booked to the stock of used vehicles.", "unexplained_ledger_entry"),
    )


_TYPED = """
2026-07-07 * "Gareth Béranger" "bank transfer received, deal NG-70107"
  user: "Sam Booth"
  Assets:1210-Undeposited-receipts  27900.00 GBP
  Assets:1100-Customer-accounts-vehicle-sales  -27900.00 GBP

2026-07-30 * "valeting, paid in cash"
  user: "Sam Booth"
  Assets:1002-Used-vehicle-stock  85.00 GBP
  Assets:1200-Bank-account  -85.00 GBP
"""


def _named(text: str) -> tuple[str, str]:
    """The deal and the entry that a file of the ledger holds."""
    told = dict(line.strip().split(": ", 1) for line in text.splitlines() if line.startswith(("  deal: ", "  entry: ")))
    return told.get("deal", "").strip('"'), told.get("entry", "").strip('"')


def _swap(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for was, then in changes:
        if was not in text:
            raise ValueError(f"{path} does not hold {was!r}")
        text = text.replace(was, then, 1)
    path.write_text(text, encoding="utf-8")
