"""What tests of the pipeline share: a dealership with a drop folder and the embedded ledger, its files, its figures."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from dealbooks.config import load_config
from dealbooks.entries import Entry
from dealbooks.findings import Finding
from dealbooks.house import House
from dealbooks.pipeline.sync import SyncResult, sync
from dealbooks.store.audit import verify
from dealbooks.store.tables import metadata

Row = dict[str, str]
END = date(2027, 12, 31)
_KEY = re.compile(r"[0-9a-f]{64}")
# A used car under the margin scheme, paid by bank transfer: the least that a sale of this dealership needs.
SALE: Row = {
    "deal_number": "N-1",
    "store_code": "LEEDS",
    "sale_date": "2026-09-10",
    "delivery_date": "2026-09-11",
    "deal_type": "cash",
    "condition": "used",
    "currency": "GBP",
    "customer_id": "C-1",
    "customer_name": "Harriet Thackray",
    "customer_type": "person",
    "vin": "TMBJR7NX5TE103737",
    "stock_number": "U1",
    "year": "2022",
    "make": "Skoda",
    "model": "Octavia",
    "vehicle_cost": "8000.00",
    "tax_acquisition": "margin",
    "stock_book_price": "8000.00",
    "vehicle_price": "10000.00",
    "price_includes_tax": "Y",
    "vat_scheme": "margin",
    "bank_transfer_paid": "10000.00",
    "payment_date": "2026-09-11",
    "total": "10000.00",
}
_VALUES = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ"
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin_of(number: int) -> str:
    """A VIN of its own for each number, with a right check digit."""
    text = f"TMBJR7NX0TE{number:06d}"
    digit = sum(_VALUES.index(char) % 10 * weight for char, weight in zip(text, _WEIGHTS, strict=True)) % 11
    return f"{text[:8]}{'X' if digit == 10 else digit}{text[9:]}"


def sale(number: int = 1, **changes: str) -> Row:
    """A sale with a number, car and customer of its own; `price` sets everything that follows from the price."""
    own = SALE | {
        "deal_number": f"N-{number}", "vin": vin_of(number), "stock_number": f"U{number}", "customer_id": f"C-{number}",
    }  # fmt: skip
    price = changes.pop("price", None)
    if price is not None:
        own |= dict.fromkeys(("vehicle_price", "bank_transfer_paid", "total"), price)
    return own | changes


def void(number: int = 1, **changes: str) -> Row:
    """The row that takes a sale back."""
    return {
        "deal_number": f"N-{number}", "store_code": "LEEDS", "action": "V", "sale_date": "2026-09-10",
        "void_date": "2026-09-20", "void_reason": "returned",
    } | changes  # fmt: skip


def financed(number: int = 1, **changes: str) -> Row:
    """A sale on hire purchase with a part-exchange that has a settlement to be paid: 10000 - 4000 + 3000 = 9000."""
    return sale(number) | {
        "deal_type": "finance", "bank_transfer_paid": "", "payment_date": "", "finance_type": "hire_purchase",
        "finance_amount": "9000.00", "finance_company": "Black Horse", "finance_reference": f"R{number}",
        "trade1_vin": vin_of(900_000 + number), "trade1_stock_number": f"U{number}P", "trade1_year": "2018",
        "trade1_make": "Volkswagen", "trade1_model": "Tiguan", "trade1_allowance": "4000.00", "trade1_acv": "3800.00",
        "trade1_payoff": "3000.00", "trade1_payoff_lender": "Motor Credit UK", "trade1_seller_status": "private",
    } | changes  # fmt: skip


def text_of(rows: Sequence[Mapping[str, str]], delimiter: str = ",") -> str:
    """Rows as CSV; the headings are all that any row has."""
    headings = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, headings, restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class LightValidator:
    """Stands in for the data-quality engine where its rules are beside the point."""

    def check(self, rows: Sequence[Any], *, name: str) -> LightOutcome:
        """Every row passes."""
        assert len({row.row_id for row in rows}) == len(rows), name
        return LightOutcome({})


@dataclass
class LightOutcome:
    findings: dict[int, list[Finding]]
    docs: Path | None = None


class Dealership:
    """A store, a drop folder and the books of one dealership. Its house is opened anew when the settings change."""

    def __init__(self, folder: Path, store_url: str, validator: Any = None, clock: Any = None, **book: Any) -> None:
        self._stack = ExitStack()
        self._house: House | None = None
        self.folder = folder
        self.inbox = folder / "inbox"
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.clock = clock or Clock()
        self.validator = validator or LightValidator()
        self.config_file = folder / "dealbooks.yaml"
        self.settings: dict[str, Any] = {
            "store": store_url,
            "books": {
                "northgate": {
                    "legal_entity": "NORTHGATE-MOTORS-LTD", "name": "Northgate Motors Ltd", "regime": "uk",
                    "currency": "GBP", "timezone": "Europe/London", "chart": "uk", "rules": "uk",
                    "ledger": {"platform": "beancount", "path": "books/northgate"},
                    "locations": {"LEEDS": {"dimension": "Leeds"}, "YORK": {"dimension": "York"}},
                    "source_of_record": "drop", "post_when": {"all": ["completed"]},
                } | book
            },
            "sources": {
                "drop": {
                    "platform": "csv_files", "path": "inbox", "map": "csv_files",
                    "completeness": {"kind": "none", "fallback": None},
                    "books": {"LEEDS": "northgate", "YORK": "northgate"},
                }
            },
        }  # fmt: skip
        self.write_config()

    def write_config(self) -> None:
        """Write what `settings` say."""
        self.close()
        self.config_file.write_text(yaml.safe_dump(self.settings, sort_keys=False), encoding="utf-8")

    def close(self) -> None:
        """Close the house, as the end of a command does."""
        self._stack.close()
        self._house = None

    @property
    def book(self) -> dict[str, Any]:
        """The settings of the book, to be changed before `write_config`."""
        settings: dict[str, Any] = self.settings["books"]["northgate"]
        return settings

    @contextmanager
    def open(self) -> Iterator[House]:
        """The house, open."""
        if self._house is None:
            self._house = self._stack.enter_context(
                House.open(load_config(self.config_file), actor="test", clock=self.clock)
            )
            self._house.__dict__["validator"] = self.validator
        yield self._house

    def drop(self, name: str, content: bytes | str | Iterable[Mapping[str, str]]) -> Path:
        """Put a file into the drop folder: bytes, text, or rows."""
        path = self.inbox / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else text_of(list(content)), encoding="utf-8")
        return path

    def sales(self, day: int, *rows: Mapping[str, str], again: int = 0) -> Path:
        """Put a file of sales of a day of September into the drop folder."""
        name = f"CompletedSale_202609{day:02d}{f'_{again}' if again else ''}.csv"
        return self.drop(name, [dict.fromkeys(SALE, "") | row for row in rows])

    def events(self, day: int, *rows: tuple[str, str, str, str, str]) -> Path:
        """Put a file of events into the drop folder: deal, event, amount, reference, stock number of the trade."""
        names = ("deal_number", "event", "amount", "reference", "trade_stock_number")
        told = [dict(zip(names, row, strict=True)) | {"store_code": "LEEDS", "date": "2026-09-15"} for row in rows]
        return self.drop(f"DealEvents_202609{day:02d}.csv", told)

    def sync(self, **options: Any) -> SyncResult:
        """Run everything once."""
        with self.open() as house:
            return sync(house, **options)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, by its key."""
        target = metadata.tables[table]
        with self.open() as house, house.store.read() as conn:
            return [dict(row) for row in conn.execute(select(target).order_by(*target.primary_key)).mappings()]

    def deals(self) -> dict[str, dict[str, Any]]:
        """Deal number -> its row."""
        return {row["deal_number"]: row for row in self.rows("deals")}

    def inbox_states(self) -> Counter[str]:
        """How many rows of the inbox are in each state."""
        return Counter(row["state"] for row in self.rows("inbox"))

    def entry_ids(self, number: int | None = None) -> list[str]:
        """Names of the entries that stand in the ledger, of one deal or all."""
        ids = {row["id"]: row["deal_number"] for row in self.rows("deals")}
        return sorted(
            row["entry_id"]
            for row in self.rows("entries")
            if row["state"] == "posted" and (number is None or ids.get(row["deal_id"]) == f"N-{number}")
        )

    def entry(self, entry_id: str) -> Entry:
        """The only entry of this name that is not superseded."""
        (row,) = (one for one in self.rows("entries") if one["entry_id"] == entry_id and one["state"] != "superseded")
        return Entry.from_json(json.loads(row["body"]))

    def files(self) -> dict[str, bytes]:
        """Every transaction file of the ledger."""
        books = self.folder / "books"
        found = sorted(path for path in books.rglob("*.beancount") if _KEY.fullmatch(path.stem))
        return {str(path.relative_to(books)): path.read_bytes() for path in found}

    def balances(self) -> dict[str, Decimal]:
        """What every account of the ledger stands at that is not nil, as Beancount reads it."""
        with self.open() as house:
            return {line.account: line.amount for line in house.ledger("northgate").trial_balance(END)}

    def records(self) -> int:
        """How many transactions Beancount sees."""
        with self.open() as house:
            return sum(1 for _ in house.ledger("northgate").records(date(2020, 1, 1), END))

    def reasons(self) -> dict[str, list[str]]:
        """What waits in quarantine: deal number -> codes of the errors."""
        from dealbooks.pipeline.quarantine import waiting

        with self.open() as house:
            found: dict[str, list[str]] = {}
            for item in waiting(house):
                found.setdefault(item.deal_number, []).extend(one.code for one in item.errors)
            return found

    def sound(self) -> None:
        """Nothing is lost: the audit chains hold, every row is in a named state, every effect is settled."""
        with self.open() as house:
            assert verify(house.store).breaks == ()
        states = self.inbox_states()
        named = {"unchanged", "accepted", "quarantined", "superseded", "ignored", "applied"}
        assert not set(states) - named, states
        taken = [row for row in self.rows("files") if row["state"] == "taken"]
        of_files = {row["file_id"] for row in self.rows("inbox")} - {None}  # a person's and a provider's are of none
        assert of_files <= {row["id"] for row in taken}


def posted(shop: Dealership) -> set[str]:
    """Numbers of the deals that stand in the ledger."""
    return {number for number, row in shop.deals().items() if row["state"] == "posted"}
