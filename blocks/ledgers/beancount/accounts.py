"""From a chart of accounts to Beancount account names, and the `open` directives that they need. Pure.

An account is named `<Root>:<number>-<Name>`, as `Income:4010-Used-vehicle-sales`; its number and name as the dealership
writes them, and the roles it plays, stand in the metadata of its `open` directive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from blocks.ledgers.beancount.syntax import quoted, slug
from dealbooks.book import Account, Chart
from dealbooks.errors import ConfigError

OPENING_ROLE = "equity.opening_balances"
OPENING_ACCOUNT = "Equity:Opening-Balances"

_ROOTS: Mapping[str, str] = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "contra_income": "Income",
    "cost_of_sales": "Expenses",
    "expense": "Expenses",
}
_OPEN = re.compile(r"\d{4}-\d{2}-\d{2} open (\S+)")
_NAME = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")
_HEADER = (
    "; The chart of accounts, written by Dealbooks. Accounts of your own: open them in main.beancount.\n"
    "; An account that was opened once stays, also when it leaves the chart: old entries need it.\n"
)


def account_name(account: Account) -> str:
    """The Beancount name of an account of the chart.

    Raises:
        ConfigError: when neither number nor name has a letter or digit that can be written.
    """
    part = "-".join(piece for piece in (slug(account.number), slug(account.name)) if piece)
    if not part:
        raise ConfigError(
            f"The account numbered “{account.number}” and named “{account.name}” cannot be written in the ledger.",
            fix="Give it a number with at least one digit or Latin letter.",
        )
    return f"{_ROOTS[account.type]}:{part[0].upper()}{part[1:]}"


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """An account to be opened: its Beancount name, and the dealership's number, name and roles for it."""

    name: str
    number: str = ""
    title: str = ""
    roles: tuple[str, ...] = ()

    def text(self, opened: date) -> str:
        """Its `open` directive."""
        lines = [f"{opened.isoformat()} open {self.name}"]
        meta = (("number", self.number), ("name", self.title), ("role", ", ".join(self.roles)))
        lines += [f"  {key}: {quoted(value)}" for key, value in meta if value]
        return "\n".join(lines) + "\n"


class ChartAccounts:
    """A chart, with every account's Beancount name; `book` names whose it is, for messages.

    Raises:
        ConfigError: when two different accounts of the chart would have one name.
    """

    def __init__(self, chart: Chart, opening_account: str = OPENING_ACCOUNT, book: str = "") -> None:
        if not _NAME.fullmatch(opening_account):
            raise ConfigError(
                f"“{opening_account}” is not an account name that Beancount takes.",
                fix=f"Write it as {OPENING_ACCOUNT}: a root, a colon, then letters, digits and hyphens.",
            )
        self._names: dict[str, str] = {}
        seen: dict[str, Account] = {}
        roles: dict[str, list[str]] = {}
        for role in sorted(chart.roles):
            account = chart.roles[role]
            name = account_name(account)
            other = seen.setdefault(name, account)
            if (other.number, other.name) != (account.number, account.name):
                raise ConfigError(
                    f"The chart “{chart.name}” has two accounts that cannot be told apart in the ledger: "
                    f"“{other.number} {other.name}” and “{account.number} {account.name}”.",
                    fix="Give one of them a number of its own.",
                )
            self._names[role] = name
            roles.setdefault(name, []).append(role)
        opens = [OpenAccount(name, seen[name].number, seen[name].name, tuple(roles[name])) for name in sorted(seen)]
        if OPENING_ROLE not in self._names:
            self._names[OPENING_ROLE] = opening_account
            if opening_account not in seen:
                opens.append(OpenAccount(opening_account, title="Opening balances", roles=(OPENING_ROLE,)))
        self.opens: tuple[OpenAccount, ...] = tuple(opens)
        self.chart_name = chart.name
        self._of_book = f" of the book {book}" if book else ""

    def known(self, role: str) -> str | None:
        """The account that plays a role, if the chart has one."""
        return self._names.get(role)

    def name_of(self, role: str, where: str) -> str:
        """The account that plays a role; `where` says for the message which line needs it.

        Raises:
            ConfigError: when the chart has no account for the role.
        """
        name = self._names.get(role)
        if name is None:
            raise ConfigError(
                f"The chart of accounts “{self.chart_name}”{self._of_book} has no account for “{role}”, which {where} "
                "needs.",
                fix=f"Add the role {role} to the chart with one of your accounts, then plan again.",
            )
        return name


def opened_in(text: str) -> dict[str, str]:
    """What an accounts file opens: account name -> its directive with its metadata, as it stands."""
    blocks: dict[str, str] = {}
    current = ""
    for line in text.splitlines():
        match = _OPEN.match(line)
        if match:
            current = match.group(1)
            blocks[current] = line + "\n"
        elif current and line[:1] in (" ", "\t") and line.strip():
            blocks[current] += line + "\n"
        else:
            current = ""
    return blocks


def accounts_text(existing: str, wanted: Iterable[OpenAccount], opened: date) -> str:
    """The whole accounts file: what it opened before, and what is wanted, sorted by name. Nothing is ever closed, so
    two writers with different charts lose nothing of each other."""
    blocks = opened_in(existing)
    for account in wanted:
        if account.title or account.name not in blocks:
            blocks[account.name] = account.text(opened)
    return _HEADER + "\n" + "".join(blocks[name] for name in sorted(blocks))
