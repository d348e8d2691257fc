"""Beancount: a folder of files, no server. The sandbox is the folder itself, and the hand an editor."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from conformance import rig
from conformance.deals import BOOK
from conformance.rig import ALWAYS, CURRENCIES

from blocks.ledgers.beancount import BeancountLedger
from blocks.ledgers.beancount.accounts import account_name
from dealbooks.book import Book
from dealbooks.charts import load_chart
from dealbooks.ledger import Ledger, Request

_KEY = re.compile(r"[0-9a-f]{64}")
_AMOUNT = re.compile(r"(-?\d+)\.(\d\d) ")


class Rig(rig.Rig):
    """A folder of its own."""

    name = "beancount"
    sale = journal = money = "journal"
    over_http = False
    keeps_customers = False
    figures = dict.fromkeys(("total", "tax", "date", "dimension"), "sha256")

    def made(self) -> None:
        chart = load_chart(self.region)
        self.book = Book(BOOK, "Northgate Motors", CURRENCIES[self.region], self.region, chart=chart)  # type: ignore[arg-type]

    def connected(self, **settings: Any) -> Ledger:
        place = (self.folder / "books", "Northgate Motors", self.book.currency, self.chart)
        return BeancountLedger(*place, book=self.book.name, **settings)

    def balances(self) -> dict[str, Decimal]:
        made = BeancountLedger(self.folder / "books", "Northgate Motors", self.book.currency, self.chart)
        numbers = {account_name(account): account.number for account in self.chart.roles.values()}
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for line in made.trial_balance(ALWAYS[1]):
            sums[numbers[line.account]] += line.amount
        return {number: amount for number, amount in sorted(sums.items()) if amount}

    def standing(self) -> Mapping[str, int]:
        found = len(self._files())
        return {"file": found} if found else {}

    def written(self) -> int:
        return sum(path.stat().st_mtime_ns for path in self._files())

    def change(self, ref: str, what: str) -> None:
        path = self.folder / "books" / ref
        text = path.read_text(encoding="utf-8")
        if what == "date":
            text = text.replace(text[:10], f"{text[:8]}28", 1)
        elif what == "dimension":
            text = "\n".join(line for line in text.split("\n") if "department:" not in line)
        else:
            text = _AMOUNT.sub(lambda found: f"{found[1]}.{(int(found[2]) + 1) % 100:02} ", text, count=1)
        path.write_text(text, encoding="utf-8")

    def delete(self, ref: str) -> None:
        (self.folder / "books" / ref).unlink()

    def take_number(self, request: Request) -> None:
        outcome = self.ledger.send([request])[0]
        (self.folder / "books" / outcome.ref).write_text("; something else\n", encoding="utf-8")

    def number(self, account: str) -> str:
        numbers = {account_name(one): one.number for one in self.chart.roles.values()}
        return numbers[account]

    def kind(self, name: str) -> str:
        return "file of that name"

    def typed(self, day: date, amount: Decimal) -> None:
        self.ledger.prepare()  # type: ignore[attr-defined]
        roles = ("cost_of_sales.used_vehicle", "inventory.used_vehicle")
        debit, credit = (account_name(self.chart.roles[role]) for role in roles)
        text = f'\n{day} * "By hand"\n  {debit}  {amount} GBP\n  {credit}  -{amount} GBP\n'
        with (self.folder / "books" / "main.beancount").open("a", encoding="utf-8") as file:
            file.write(text)

    def places_of(self, ref: str) -> set[str]:
        return set(re.findall(r'(?:location|department): "([^"]*)"', self.texts(ref)))

    def spoiled(self, payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "text": "2026-01-01 * cut sho"}

    def texts(self, ref: str) -> str:
        return (self.folder / "books" / ref).read_text(encoding="utf-8")

    def _files(self) -> list[Any]:
        listed = (self.folder / "books" / "ledger").glob("*/*.beancount")
        return [path for path in listed if _KEY.fullmatch(path.stem)]
