"""What a database of Odoo has: company, accounts, journals, taxes, analytic accounts. Looked up once and kept.

Fields that differ between versions are asked for by name (`fields_get`), never by the version's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from blocks.ledgers.odoo.settings import OdooSettings
from blocks.odoo.server import Server
from blocks.odoo.values import id_of, name_of
from dealbooks.book import Book
from dealbooks.charts import account_for
from dealbooks.errors import ConfigError
from dealbooks.money import exact

# Dates that close a company's books for sales and general entries: 19.0 [C company.py]; `period_lock_date` is that of
# everybody but advisers up to 17 [R]. The purchase lock does not touch us.
_LOCKS = ("fiscalyear_lock_date", "tax_lock_date", "sale_lock_date", "hard_lock_date", "period_lock_date")


@dataclass(frozen=True, slots=True)
class Company:
    """The company that the book is kept in."""

    id: int
    name: str
    currency_id: int
    currency: str
    rounds_lines: bool  # tax is rounded line by line, not once for the document


@dataclass(frozen=True, slots=True)
class TaxRecord:
    """A sales tax. `rate` is a fraction."""

    id: int
    name: str
    rate: Decimal
    included: bool  # price_unit holds the tax


class Directory:
    """The lists of one company. Every property may raise StopConnection, the look-ups ConfigError."""

    def __init__(self, server: Server, settings: OdooSettings, book: Book) -> None:
        self.server = server
        self.settings = settings
        self.book = book
        self._fields: dict[str, frozenset[str]] = {}
        self._analytic: dict[tuple[str, str], int | None] = {}

    def enter(self) -> None:
        """From now on every call names the company: without it Odoo takes the user's own."""
        self.server.context = {"allowed_company_ids": [self.company.id], "lang": "en_US", "tz": "UTC"}

    def has(self, model: str, field: str) -> bool:
        """Whether this version of a model has a field."""
        if model not in self._fields:
            told = self.server.read(model, "fields_get", attributes=["type"])
            self._fields[model] = frozenset(told)
        return field in self._fields[model]

    @cached_property
    def company(self) -> Company:
        """The company of the settings, or the only one."""
        fields = ("name", "currency_id", "tax_calculation_rounding_method")
        wanted = self.settings.company
        rows = self.server.rows("res.company", [], fields, order="id asc")
        chosen = [row for row in rows if not wanted or wanted in (row["name"], str(row["id"]))]
        if len(chosen) != 1:
            known = ", ".join(f"{row['name']} ({row['id']})" for row in rows)
            raise ConfigError(
                f"books.{self.book.name}.ledger: it is not clear which company of Odoo is meant; there is {known}.",
                fix="Name it under company.",
            )
        row = chosen[0]
        return Company(
            row["id"], row["name"], id_of(row["currency_id"]), name_of(row["currency_id"]),
            row["tax_calculation_rounding_method"] != "round_globally",
        )  # fmt: skip

    @cached_property
    def accounts(self) -> Mapping[str, int]:
        """Accounts that may be used, by code."""
        return {row["code"]: row["id"] for row in self._accounts if row["usable"]}

    @cached_property
    def account_names(self) -> Mapping[int, tuple[str, str]]:
        """Code and name of every account by id, those too that may no longer be used: old entries stand on them."""
        return {row["id"]: (str(row["code"]), str(row["name"])) for row in self._accounts}

    @cached_property
    def _accounts(self) -> list[dict[str, Any]]:
        model = "account.account"
        domain: list[Any] = [
            ["company_ids" if self.has(model, "company_ids") else "company_id", "in", [self.company.id]]
        ]
        closed = "active" if self.has(model, "active") else "deprecated"  # renamed in 19 [C], `deprecated` before [R]
        if closed == "active":
            domain.append(["active", "in", [True, False]])
        rows = self.server.rows(model, domain, ("code", "name", closed), order="id asc")
        return [row | {"usable": bool(row[closed]) == (closed == "active")} for row in rows]

    def account(self, role: str, needed_by: str) -> tuple[int, str]:
        """Id and code of the account that plays a role.

        Raises:
            ConfigError: the chart has none for the role, or Odoo has none with its number.
        """
        if self.book.chart is None:
            raise ConfigError(f"The book {self.book.name} has no chart of accounts.", fix="Name one under chart.")
        account = account_for(self.book.chart, role, needed_by=needed_by, book=self.book.name)
        found = self.accounts.get(account.number)
        if found is None:
            raise ConfigError(
                f"Odoo has no account {account.number} ({account.name}), which the chart of {self.book.name} names for "
                f"{role}, needed by {needed_by}.",
                fix=f"Make the account in {self.company.name}, or give {role} another number in the chart.",
            )
        return found, account.number

    @cached_property
    def journals(self) -> Mapping[str, int]:
        """Journals by code."""
        domain = [["company_id", "=", self.company.id]]
        return {row["code"]: row["id"] for row in self.server.rows("account.journal", domain, ("code",))}

    def journal(self, code: str) -> int:
        """A journal by its short code. Raises ConfigError."""
        if code not in self.journals:
            raise ConfigError(
                f"Odoo has no journal with the short code {code}; there is {', '.join(sorted(self.journals))}.",
                fix=f"Correct books.{self.book.name}.ledger.journals.",
            )
        return self.journals[code]

    @cached_property
    def sales_taxes(self) -> tuple[TaxRecord, ...]:
        """The company's taxes on sales."""
        domain = [["company_id", "=", self.company.id], ["type_tax_use", "=", "sale"]]
        fields = ("name", "amount", "amount_type", "price_include")
        rows = self.server.rows("account.tax", domain, fields, order="id asc")
        return tuple(
            TaxRecord(row["id"], str(row["name"]), exact(row["amount"]) / 100, bool(row["price_include"]))
            for row in rows
            if row["amount_type"] in ("percent", "group")
        )

    @cached_property
    def taxes(self) -> Mapping[str, TaxRecord | None]:
        """Our tax codes -> Odoo's tax; None: no tax.

        Raises:
            ConfigError: a tax is not there, or prices with tax and without would stand on one invoice.
        """
        found = {code: self._tax(code, wanted.strip()) for code, wanted in self.settings.taxes.items()}
        ways = {tax.included for tax in found.values() if tax is not None and tax.rate}
        if len(ways) > 1:
            raise ConfigError(
                f"books.{self.book.name}.ledger.taxes: some of these taxes of Odoo are included in the price, others "
                "are not.",
                fix="Choose taxes of one kind: all included in the price, or none.",
            )
        return found

    def no_such_tax(self, code: str) -> ConfigError:
        """A tax code of ours that a deal needs and the settings do not name."""
        name = self.book.name
        known = ", ".join(sorted({tax.name for tax in self.sales_taxes})) or "none"
        return ConfigError(
            f"The settings name no tax for {code}, which the book {name} needs.",
            fix=f"Name Odoo's sales tax for it, or nothing where there is none (such as a car under the margin scheme):"
            f" books.{name}.ledger.taxes: {{{code}: ...}}. The sales taxes of {self.company.name} are: {known}.",
        )

    @property
    def prices_with_tax(self) -> bool:
        """Whether the taxes in use are included in the price."""
        return any(tax.included for tax in self.taxes.values() if tax is not None and tax.rate)

    def _tax(self, code: str, wanted: str) -> TaxRecord | None:
        if not wanted:
            return None
        named = [tax for tax in self.sales_taxes if tax.name == wanted]
        if not named:
            try:
                rate = Decimal(wanted.removesuffix("%")) / 100
                named = [tax for tax in self.sales_taxes if tax.rate == rate]
            except InvalidOperation:
                named = []
        if len(named) != 1:
            told = "several sales taxes" if named else "no sales tax"
            raise ConfigError(
                f"books.{self.book.name}.ledger.taxes: Odoo has {told} for {code}: {wanted}.",
                fix="Name one of " + ", ".join(sorted({tax.name for tax in self.sales_taxes})) + ".",
            )
        return named[0]

    @cached_property
    def countries(self) -> Mapping[str, int]:
        """Countries by their two letters."""
        return {row["code"]: row["id"] for row in self.server.rows("res.country", [], ("code",))}

    def currency(self, code: str) -> int:
        """The id of a currency. Raises ConfigError."""
        if code == self.company.currency:
            return self.company.currency_id
        rows = self.server.rows("res.currency", [["name", "=", code]], ("name",))
        if not rows:
            raise ConfigError(f"The currency {code} is not active in Odoo.", fix="Activate it there.")
        return int(rows[0]["id"])

    def analytic(self, dimension: str, value: str) -> int | None:
        """The analytic account of a dimension's value, by code or name in its plan; None when there is none."""
        plan = self.settings.analytic.get(dimension)  # type: ignore[call-overload]
        if plan is None:
            return None
        if (dimension, value) not in self._analytic:
            domain = [
                "&", "&", ["plan_id", "=", self.plan(plan)], ["company_id", "in", [self.company.id, False]],
                "|", ["code", "=", value], ["name", "=", value],
            ]  # fmt: skip
            rows = self.server.rows("account.analytic.account", domain, ("name",), order="id asc", limit=1)
            if not rows:
                return None
            self._analytic[dimension, value] = int(rows[0]["id"])
        return self._analytic[dimension, value]

    def plan(self, name: str) -> int:
        """An analytic plan by name. Raises ConfigError."""
        rows = self.server.rows("account.analytic.plan", [["name", "=", name]], ("name",), limit=1)
        if not rows:
            raise ConfigError(
                f"Odoo has no analytic plan {name}.", fix=f"Make it, or correct books.{self.book.name}.ledger.analytic."
            )
        return int(rows[0]["id"])

    def locks(self) -> dict[str, str]:
        """The company's lock dates as they stand now, by field."""
        fields = [name for name in _LOCKS if self.has("res.company", name)]
        row = self.server.rows("res.company", [["id", "=", self.company.id]], fields)[0]
        return {name: row[name] for name in fields if row[name]}
