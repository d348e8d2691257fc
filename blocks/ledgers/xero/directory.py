"""What a Xero organisation has: accounts, tax rates, tracking categories, lock dates. Looked up once, then asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from blocks.ledgers.xero.settings import XeroSettings
from blocks.ledgers.xero.wire import amount, day
from dealbooks.book import Book
from dealbooks.charts import account_for
from dealbooks.documents import TaxCode
from dealbooks.errors import ConfigError

_CLOSED_TYPES = frozenset({"BANK", "INVENTORY"})
_CLOSED_SYSTEM = frozenset({"DEBTORS", "CREDITORS", "RETAINEDEARNINGS"})
_PAID_INTO = ("cash.bank", "cash.undeposited", "clearing.settlement", "payable.customer_refund")
_DEBTORS = "receivable.customer"


@dataclass(frozen=True, slots=True)
class XeroAccount:
    """An account of the organisation."""

    code: str
    name: str
    kind: str
    system: str = ""
    payments: bool = False

    @property
    def is_bank(self) -> bool:
        """Money on it moves by bank transactions."""
        return self.kind == "BANK"

    @property
    def takes_payments(self) -> bool:
        """A payment of an invoice can be made to it."""
        return self.is_bank or self.payments

    @property
    def in_journals(self) -> bool:
        """A manual journal can touch it."""
        return self.kind not in _CLOSED_TYPES and self.system not in _CLOSED_SYSTEM


class Directory:
    """The organisation as it was when it was read; `book` and `settings` say what we want of it."""

    def __init__(
        self,
        book: Book,
        settings: XeroSettings,
        locations: Mapping[str, str],
        *,
        organisation: Mapping[str, Any],
        accounts: Sequence[Mapping[str, Any]],
        tax_rates: Sequence[Mapping[str, Any]],
        tracking: Sequence[Mapping[str, Any]],
    ) -> None:
        self._book = book
        self._settings = settings
        self._locations = dict(locations)
        self.organisation = organisation
        live = [one for one in accounts if one.get("Status") == "ACTIVE" and one.get("Code")]
        self._accounts = {str(one["Code"]): _account(one) for one in live}
        self._rates = {str(one.get("TaxType")): one for one in tax_rates if one.get("Status") in ("ACTIVE", None)}
        self._options = {
            str(one.get("Name")): {str(item.get("Name")) for item in one.get("Options", ()) if _active(item)}
            for one in tracking
            if _active(one)
        }

    @property
    def currency(self) -> str:
        """The organisation's own currency."""
        return str(self.organisation.get("BaseCurrency") or self._book.currency)

    @property
    def debtors(self) -> XeroAccount:
        """The account of all customers, which Xero keeps itself.

        Raises:
            ConfigError: the organisation has none.
        """
        return self._system("DEBTORS")

    @property
    def creditors(self) -> XeroAccount:
        """The account of all suppliers. Raises ConfigError."""
        return self._system("CREDITORS")

    @property
    def tax_account(self) -> XeroAccount:
        """The account to which Xero posts the tax of documents. Raises ConfigError."""
        return self._system("GST")

    @property
    def lock_date(self) -> date | None:
        """The later of the two lock dates."""
        locks = [day(self.organisation.get(name)) for name in ("PeriodLockDate", "EndOfYearLockDate")]
        return max((lock for lock in locks if lock is not None), default=None)

    def account(self, role: str, needed_by: str) -> XeroAccount:
        """The account of a role; the customers' account is Xero's own, whatever its number in the chart.

        Raises:
            ConfigError: the chart has no account for the role, or the organisation has not that of the chart.
        """
        if role == _DEBTORS:
            return self.debtors
        book = self._book
        if book.chart is None:
            raise ConfigError(f"The book {book.name} has no chart of accounts.", fix=f"Set books.{book.name}.chart.")
        ours = account_for(book.chart, role, needed_by=needed_by, book=book.name)
        found = self._accounts.get(ours.number)
        if found is None:
            raise ConfigError(
                f"Xero has no active account with the code {ours.number} ({ours.name}), which {role} has in the chart "
                f"of {book.name}; it is needed by {needed_by}.",
                fix=f"Make the account in Xero, or give {role} another number under books.{book.name}.accounts.",
            )
        return found

    def for_journal(self, role: str, needed_by: str) -> XeroAccount:
        """An account that a manual journal can touch (fact sheet section 3.4). Raises ConfigError."""
        found = self.account(role, needed_by)
        if not found.in_journals:
            raise ConfigError(
                f"{role} is account {found.code} ({found.name}) in Xero, which takes no manual journals; it is needed "
                f"by {needed_by}.",
                fix="Give it an account of type Current Asset or Current Liability, not a bank, inventory or "
                "system account.",
            )
        return found

    def for_payment(self, role: str, needed_by: str) -> XeroAccount:
        """An account that a payment can be made to (fact sheet section 3.2). Raises ConfigError."""
        found = self.account(role, needed_by)
        if not found.takes_payments:
            raise ConfigError(
                f"{role} is account {found.code} ({found.name}) in Xero, to which no payments can be made; it is "
                f"needed by {needed_by}.",
                fix="Turn on 'Enable payments to this account' for it in Xero.",
            )
        return found

    def tax_codes(self) -> dict[str, TaxCode]:
        """Our tax codes, each with Xero's and its rate.

        Raises:
            ConfigError: a TaxType of the settings is not an active rate of the organisation.
        """
        return {ours: self._tax_code(theirs, f"tax_codes.{ours}") for ours, theirs in self._settings.tax_codes.items()}

    def no_such_tax_code(self, ours: str, deal: str) -> ConfigError:
        """What is wrong where a deal has a tax code that the settings do not name."""
        setting = f"books.{self._book.name}.ledger.tax_codes"
        return ConfigError(
            f"{setting} does not say which TaxType of Xero {ours} is: deal {deal} of the book {self._book.name} needs "
            "it.",
            fix=f"Name it in dealbooks.yaml: {setting}: {{{ours}: ...}}. The TaxTypes in Xero are: "
            f"{', '.join(sorted(self._rates))}.",
        )

    def no_tax(self) -> str:
        """The TaxType of lines without tax. Raises ConfigError."""
        return self._tax_code(self._settings.no_tax, "no_tax").code

    def tracking(self, dimensions: Mapping[str, str]) -> tuple[list[dict[str, str]], list[tuple[str, str]]]:
        """The tracking of a line, and the dimensions that Xero has no place for, to be written out.

        Raises:
            ConfigError: a category or an option is not there.
        """
        wanted = self._settings.tracking
        names = {"location": wanted.location, "department": wanted.department}
        marks: list[dict[str, str]] = []
        rest: list[tuple[str, str]] = []
        for name, value in dimensions.items():
            category = names.get(name, "")
            if not category:
                rest.append((name, value))
                continue
            known = self._locations if name == "location" else wanted.departments
            option = known.get(value, value)
            self._check_option(category, option, name, value)
            marks.append({"Name": category, "Option": option})
        return sorted(marks, key=lambda mark: mark["Name"]), rest

    def problems(self) -> list[str]:
        """What does not fit together, in words."""
        said: list[str] = []
        if self.currency != self._book.currency:
            said.append(f"Xero keeps this organisation in {self.currency}, and the book is in {self._book.currency}.")
        wanted = self._settings.tracking
        for name, category in (("location", wanted.location), ("department", wanted.department)):
            if category and category not in self._options:
                said.append(f"Xero has no active tracking category {category}, which tracking.{name} names.")
        checks: list[Callable[[], object]] = [self.tax_codes, self.no_tax, lambda: self.debtors]
        checks += [
            partial(self.for_payment if role in _PAID_INTO else self.account, role, "the chart")
            for role in (self._book.chart.roles if self._book.chart is not None else ())
        ]
        if wanted.location in self._options:
            checks += [partial(self.tracking, {"location": code}) for code in self._locations]
        for check in checks:
            try:
                check()
            except ConfigError as error:
                said.append(error.words)
        return list(dict.fromkeys(said))

    def _system(self, name: str) -> XeroAccount:
        found = next((one for one in self._accounts.values() if one.system == name), None)
        if found is None:
            raise ConfigError(f"The Xero organisation has no {name} account.", fix="Finish setting it up in Xero.")
        return found

    def _tax_code(self, code: str, setting: str) -> TaxCode:
        rate = self._rates.get(code)
        if rate is None:
            raise ConfigError(
                f"Xero has no active tax rate {code}, which books.{self._book.name}.ledger.{setting} names.",
                fix=f"Its tax rates are: {', '.join(sorted(self._rates))}.",
            )
        return TaxCode(code, amount(rate.get("EffectiveRate")) / Decimal(100))

    def _check_option(self, category: str, option: str, name: str, value: str) -> None:
        where = f"books.{self._book.name}.ledger.tracking.{name}"
        if category not in self._options:
            raise ConfigError(
                f"Xero has no active tracking category {category}, which {where} names.",
                fix="Make it in Xero, or correct the setting.",
            )
        if option not in self._options[category]:
            raise ConfigError(
                f"The tracking category {category} has no active option {option} in Xero, for the {name} {value} of "
                f"the book {self._book.name}.",
                fix=f"Add the option in Xero, or name another one for {value}.",
            )


def _account(one: Mapping[str, Any]) -> XeroAccount:
    return XeroAccount(
        str(one["Code"]),
        str(one.get("Name", "")),
        str(one.get("Type", "")),
        str(one.get("SystemAccount") or ""),
        one.get("EnablePaymentsToAccount") is True,
    )


def _active(one: Mapping[str, Any]) -> bool:
    return bool(one.get("Status", "ACTIVE") == "ACTIVE")
