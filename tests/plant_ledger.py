"""Defects, and a bookkeeper's honest work, planted into a book that is kept in Beancount files.

Everything goes through the files, as somebody with a text editor would do it. The store is never touched.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from plant_month import FIRST, LAST, Group, stock_role

from dealbooks.demo.arithmetic import written
from dealbooks.demo.sales import Sale

_POSTING = re.compile(r"^  ([A-Z][A-Za-z]+:\S+)  (-?\d+\.\d+) ([A-Z]{3})$", re.MULTILINE)
_META = re.compile(r'^  (deal|entry|posting_key): "([^"]*)"$', re.MULTILINE)
CENT = Decimal("0.01")
_TRIES = 2000
Lists = dict[str, dict[str, Decimal | None]]
_EARLY = [date(2026, 8, day) for day in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14)]


@dataclass(frozen=True, slots=True)
class Plant:
    """One thing that the report must name once: in which part of it, under which class, of which deal, and words that
    must stand in it."""

    kind: str
    book: str
    code: str
    deal: str = ""
    words: tuple[str, ...] = ()
    part: str = "exceptions"


@dataclass(frozen=True, slots=True)
class BankRow:
    """A line of a statement."""

    day: date
    amount: Decimal
    text: str
    fee: Decimal = Decimal(0)


@dataclass(slots=True)
class Planter:
    """Plants into one book. `plants` are what must be found; `harmless` counts what must not be."""

    group: Group
    folder: Path
    name_of: Callable[[str], str]
    rng: Random
    plants: list[Plant] = field(default_factory=list)
    harmless: dict[str, int] = field(default_factory=dict)
    bank: list[tuple[date, Decimal, str]] = field(default_factory=list)
    bank_changes: dict[tuple[str, str], Callable[[BankRow], list[BankRow]]] = field(default_factory=dict)
    list_changes: list[Callable[[Lists], object]] = field(default_factory=list)
    gap: bool = False
    used: set[str] = field(default_factory=set)
    _files: dict[tuple[str, str], Path] = field(default_factory=dict)
    _typed: list[str] = field(default_factory=list)
    _tags: int = 0

    def __post_init__(self) -> None:
        self.used |= {sale.number for sale in self.group.twins}

    @property
    def currency(self) -> str:
        """The book's."""
        return "GBP" if self.group.book == "northgate" else "USD"

    def index(self) -> None:
        """Find the file of every entry."""
        for path in sorted(self.folder.glob("ledger/*/*.beancount")):
            said = dict(_META.findall(path.read_text("utf-8")[:800]))
            if "deal" in said:
                self._files[said["deal"], said["entry"]] = path

    def paths(self) -> list[Path]:
        """Every file of an entry of a deal."""
        return list(self._files.values())

    def entries(self, sale: Sale, start: str) -> list[str]:
        """Names of a deal's entries that begin so."""
        return sorted(entry for deal, entry in self._files if deal == sale.number and entry.startswith(start))

    def file(self, sale: Sale, entry: str) -> Path:
        """The file of an entry; of the only one that begins so."""
        found = self._files.get((sale.number, entry))
        return found if found is not None else self._files[sale.number, self.entries(sale, entry)[0]]

    def take(self, fits: Callable[[Sale], bool] = lambda _: True) -> Sale:
        """A deal of the month that nothing was planted on."""
        for sale in self.group.sales:
            if sale.number not in self.used and FIRST <= sale.delivered <= LAST and fits(sale):
                return self._mine(sale)
        for _ in range(_TRIES):
            day = self.rng.choice(_EARLY)
            sale = self.group.sell(self.rng.choice(self.group.recipes), day)
            if fits(sale):
                return self._mine(self.group.add(sale))
        raise LookupError(f"{self.group.book} can make no deal that fits")

    def before(self, fits: Callable[[Sale], bool] = lambda _: True) -> Sale:
        """A deal of the month before that nothing was planted on."""
        for sale in self.group.sales:
            if sale.number not in self.used and sale.delivered < FIRST and fits(sale):
                return self._mine(sale)
        for _ in range(_TRIES):
            sale = self.group.sell(self.rng.choice(self.group.recipes), date(2026, 7, 20))
            if fits(sale):
                return self._mine(self.group.add(sale))
        raise LookupError(f"{self.group.book} can make no deal that fits")

    def later(self) -> Sale:
        """A deal of the month after: its car stands in stock at the month's end."""
        return self._mine(self.group.add(self.group.sell(self.rng.choice(self.group.recipes), date(2026, 9, 3))))

    def _mine(self, sale: Sale) -> Sale:
        self.used.add(sale.number)
        return sale

    def stood_in_with(self, sale: Sale, more: Decimal) -> None:
        """The car stood in stock with so much more than its cost."""
        whose = self.group.stock if sale.car.stock_no in self.group.stock else self.group.bought
        whose[sale.car.stock_no] = (sale, whose[sale.car.stock_no][1] + more)

    def alone(self, sale: Sale) -> bool:
        """Whether nobody else paid the same: of equal payments nobody can say which is not at the bank."""
        paid = set(sale.payments.values())
        return not any(paid & set(one.payments.values()) for one in self.group.sales if one is not sale)

    def named(self, kind: str, code: str, deal: Sale | str = "", *words: str, part: str = "exceptions") -> None:
        """Something that must be found."""
        number = deal.number if isinstance(deal, Sale) else deal
        self.plants.append(Plant(kind, self.group.book, code, number, words, part))

    def fine(self, kind: str) -> None:
        """Something that must not be."""
        self.harmless[kind] = self.harmless.get(kind, 0) + 1

    # What somebody does to a file of ours.

    def edit(self, path: Path, old: str, new: str, count: int = 0) -> None:
        """Replace by a regular expression; it must be there."""
        text, done = re.subn(old, new, path.read_text("utf-8"), count=count, flags=re.MULTILINE)
        if not done:
            raise LookupError(f"{old} is not in {path}")
        path.write_text(text, "utf-8")

    def has(self, sale: Sale, entry: str, words: str) -> bool:
        """Whether an entry's file says something."""
        return bool(self.entries(sale, entry)) and words in self.file(sale, entry).read_text("utf-8")

    def cent(self, path: Path, by: Decimal = CENT) -> None:
        """Change two amounts on different accounts, so that the entry still balances."""
        text = path.read_text("utf-8")
        found = list(_POSTING.finditer(text))
        first = found[0]
        second = next(
            one for one in found if one[1] != first[1] and (Decimal(one[2]) > 0) != (Decimal(first[2]) > 0)
        )  # fmt: skip
        sign = 1 if Decimal(first[2]) > 0 else -1
        for one, change in sorted(((first, by * sign), (second, -by * sign)), key=lambda pair: -pair[0].start()):
            amount = written(Decimal(one[2]) + change)
            text = text[: one.start(2)] + amount + text[one.end(2) :]
        path.write_text(text, "utf-8")

    def void(self, path: Path) -> None:
        """Turn a file into a comment."""
        path.write_text("".join(f"; {line}\n" for line in path.read_text("utf-8").splitlines()), "utf-8")

    def copy(self, path: Path) -> None:
        """A file again, under another name."""
        path.with_name(f"copy-{path.stem[:12]}.beancount").write_text(path.read_text("utf-8"), "utf-8")

    def redate(self, path: Path, day: date) -> None:
        """Another day."""
        self.edit(path, r"^\d{4}-\d\d-\d\d \*", f"{day.isoformat()} *", count=1)

    def date_of(self, path: Path) -> date:
        """The day of an entry."""
        return date.fromisoformat(path.read_text("utf-8")[:10])

    def stranger(self, path: Path) -> str:
        """The file under a key of nobody; returns its start."""
        text = path.read_text("utf-8")
        key = hashlib.sha256(text.encode()).hexdigest()
        (self.folder / "ledger" / key[0] / f"{key}.beancount").write_text(
            re.sub(r'posting_key: "[0-9a-f]+"', f'posting_key: "{key}"', text).replace("^posting-", "^other-"), "utf-8"
        )
        return key[:16]

    # What the bookkeeper types.

    def tag(self) -> str:
        """A word that is nowhere else."""
        self._tags += 1
        return f"pencil mark {'abcdefghij'[self._tags % 10]}{'klmnopqrst'[self._tags // 10 % 10]}x{self._tags}x"

    def typed(self, day: date, text: str, *lines: tuple[str, Decimal, str], user: str = "") -> None:
        """A transaction in main.beancount: role (or a ledger's account), amount, stock number or nothing."""
        body = f'\n{day.isoformat()} * "{text}"\n' + (f'  user: "{user}"\n' if user else "")
        for role, amount, stock in lines:
            account = role if ":" in role else self.name_of(role)
            body += f"  {account}  {written(amount)} {self.currency}\n"
            body += f'    stock_no: "{stock}"\n' if stock else ""
        self._typed.append(body)

    def write_down(self) -> None:
        """Append what was typed."""
        with (self.folder / "main.beancount").open("a", encoding="utf-8") as file:
            file.write("".join(self._typed))
        self._typed = []

    def buy(self) -> None:
        """The purchases that the bookkeeper enters: cars that were bought before their sale."""
        for number, (sale, amount) in sorted(self.group.bought.items()):
            day = min(sale.sold, sale.delivered) - timedelta(days=10)
            lines = ((stock_role(sale), amount, number), ("payable.supplier", -amount, ""))
            self.typed(day, f"bought {sale.car.make}", *lines, user="bob")
            self.fine("purchase")


def paid(sale: Sale) -> bool:
    """A private buyer who paid something at delivery, in the usual layout."""
    return bool(sale.payments) and not sale.recipe.lines_layout


def cash(sale: Sale) -> bool:
    """A buyer who paid all, once: nothing else is open or was before."""
    return (
        paid(sale) and len(sale.payments) == 1 and sale.finance is None and not sale.deposit and not sale.owing
        and not sale.trades
    )  # fmt: skip


def early(sale: Sale) -> bool:
    """Delivered so early that what is open is late at the month's end."""
    return sale.delivered <= date(2026, 8, 14)


def financed(sale: Sale) -> bool:
    """Early, with a contract."""
    return sale.finance is not None and early(sale)


def lien(sale: Sale) -> bool:
    """Early, with one part-exchange that has a settlement."""
    return early(sale) and len(sale.trades) == 1 and bool(sale.trades[0].payoff)


def amount_of(sale: Sale) -> Decimal:
    """What was paid at delivery."""
    return sum(sale.payments.values(), Decimal(0))


def cit_role(sale: Sale) -> str:
    """The account of a contract."""
    return "receivable.contracts_in_transit" if sale.book == "suncoast" else "receivable.finance_company"


def take_out(group: Group, sale: Sale, event: str) -> Any:
    """An event that the source never tells; returns it."""
    [found] = group.events_of(sale, event)
    group.events.remove(found)
    return found


# What is to be done in the ledger once all is posted; what a kind does at the source, and returns.
Ledger = Callable[[], object]
Kind = Callable[[Planter], Ledger | None]
UK = "northgate"


def by_transfer(sale: Sale) -> bool:
    """Early, all paid by one bank transfer."""
    return cash(sale) and early(sale) and "bank_transfer" in sale.payments
