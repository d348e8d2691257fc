"""What stands in the company: accounts, items, tax codes, classes, locations. Looked up once, and kept.

Each look-up goes by the name or number in the book's chart and settings; what is not there is a ConfigError that says
which role or code of which book needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from blocks.ledgers.quickbooks.settings import UK_TAX_CODES, QuickBooksSettings
from dealbooks.book import Account, Book
from dealbooks.charts import account_for
from dealbooks.documents import TaxCode
from dealbooks.errors import ConfigError

Row = Mapping[str, Any]
RECEIVABLE, PAYABLE = "Accounts Receivable", "Accounts Payable"


@dataclass(frozen=True, slots=True)
class Company:
    """What the company says of itself (CompanyInfo, Preferences)."""

    name: str
    country: str
    currency: str
    automated_tax: bool
    tracks_departments: bool
    tracks_classes: bool
    own_numbers: bool

    @property
    def in_us(self) -> bool:
        """Companies in the United States have TAX and NON; those elsewhere tax codes by id."""
        return self.country == "US"


def company_of(info: Row, preferences: Row) -> Company:
    """Read CompanyInfo and Preferences. Field names: Finance.xsd."""
    accounting, tax = preferences.get("AccountingInfoPrefs", {}), preferences.get("TaxPrefs", {})
    return Company(
        name=str(info.get("CompanyName", "")),
        country=str(info.get("Country", "")),
        currency=str(preferences.get("CurrencyPrefs", {}).get("HomeCurrency", {}).get("value", "")),
        automated_tax=bool(tax.get("PartnerTaxEnabled")),
        tracks_departments=bool(accounting.get("TrackDepartments")),
        tracks_classes=bool(accounting.get("ClassTrackingPerTxn") or accounting.get("ClassTrackingPerTxnLine")),
        own_numbers=bool(preferences.get("SalesFormsPrefs", {}).get("CustomTxnNumbers")),
    )


class Directory:
    """The lists of one company, for one book. `rows` reads a list (`Account`), `company` what it says of itself."""

    def __init__(
        self,
        book: Book,
        settings: QuickBooksSettings,
        rows: Callable[[str], Sequence[Row]],
        company: Callable[[], Company],
        locations: Mapping[str, str] | None = None,
    ) -> None:
        self.book = book
        self.settings = settings
        self._read = rows
        self._ask = company
        self._locations = dict(locations or {})
        self._company: Company | None = None
        self._rows: dict[str, dict[str, Row]] = {}
        self._accounts: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._items: dict[str, str] = {}

    def forget(self) -> None:
        """Somebody changed a list: read them all anew when they are next needed."""
        self._company = None
        for kept in (self._rows, self._accounts, self._labels, self._items):
            kept.clear()

    @property
    def company(self) -> Company:
        """What the company says of itself."""
        if self._company is None:
            self._company = self._ask()
        return self._company

    def rows(self, kind: str) -> Mapping[str, Row]:
        """The active rows of a list, by id."""
        if kind not in self._rows:
            self._rows[kind] = {str(row["Id"]): row for row in self._read(kind)}
        return self._rows[kind]

    # -- accounts and items --------------------------------------------------------------------------------

    def account(self, role: str, *, needed_by: str) -> str:
        """Id of the account of a role.

        Raises:
            ConfigError: the chart has none for it, or the company has not the account of the chart.
        """
        if role in self._accounts:
            return self._accounts[role]
        if self.book.chart is None:
            raise ConfigError(
                f"The book {self.book.name} has no chart of accounts.",
                fix=f"Set books.{self.book.name}.chart to a chart that is shipped, or to a file of your own.",
            )
        wanted = account_for(self.book.chart, role, needed_by=needed_by, book=self.book.name)
        found = self._accounts_of(wanted)
        if len(found) != 1:
            raise ConfigError(
                f"QuickBooks has {'no' if not found else 'more than one'} account {wanted.number} {wanted.name}, which "
                f"the chart of the book {self.book.name} names for {role} ({needed_by}).",
                fix="Create the account in QuickBooks, or name another one for the role in the book's chart.",
            )
        self._accounts[role] = found[0]
        return found[0]

    def label(self, ref: str) -> str:
        """An account as the chart names it, else as QuickBooks does; the id where it is not known."""
        if ref not in self._labels:
            self._label_roles()
        if ref not in self._labels:
            row = self.rows("Account").get(ref)
            self._labels[ref] = ref if row is None else f"{row.get('AcctNum') or ''} {row['Name']}".strip()
        return self._labels[ref]

    def account_type(self, ref: str) -> str:
        """The AccountType, such as `Accounts Receivable`."""
        return str(self.rows("Account").get(ref, {}).get("AccountType", ""))

    def item(self, role: str, *, needed_by: str) -> str:
        """Id of the item whose sales go to the account of a role: sales forms name no account themselves.

        Raises:
            ConfigError: there is none, or several and the settings name none, or it posts to another account.
        """
        if role in self._items:
            return self._items[role]
        account = self.account(role, needed_by=needed_by)
        rows = self.rows("Item")
        named = self.settings.items.get(role, "")
        if named:
            found = [ref for ref, row in rows.items() if named in (ref, row["Name"], row.get("FullyQualifiedName"))]
            if not found:
                raise self._no_item(role, f"has no product or service {named}", needed_by)
            if item_account(rows[found[0]]) != account:
                raise self._no_item(role, f"posts the sales of {named} to another account", needed_by)
        else:
            found = [ref for ref, row in rows.items() if item_account(row) == account]
            alike = [ref for ref in found if rows[ref]["Name"] == _name(self.rows("Account"), account)]
            found = alike or found
            if len(found) != 1:
                many = "no product or service" if not found else "several products or services"
                raise self._no_item(role, f"has {many} with the income account {self.label(account)}", needed_by)
        self._items[role] = found[0]
        return found[0]

    def account_of_item(self, ref: str) -> str:
        """The account that the sales of an item go to; empty where it is not known."""
        row = self.rows("Item").get(ref)
        return "" if row is None else item_account(row)

    # -- tax -------------------------------------------------------------------------------------------------

    def tax_codes(self) -> Mapping[str, TaxCode]:
        """Our tax codes -> those of the company that is outside the United States, with the rate in force there.

        Raises:
            ConfigError: the settings name a tax code that the company has not.
        """
        usual = UK_TAX_CODES if self.book.regime == "uk" else {}
        found = {ours: self._tax_code(name) for ours, name in usual.items()}
        named = self.settings.tax_codes
        found |= {ours: self._tax_code(name, f"tax_codes.{ours}") for ours, name in named.items()}
        return {ours: TaxCode(ref, self.rate(ref)) for ours, ref in found.items() if ref}

    def no_such_tax_code(self, ours: str, *, deal: str) -> ConfigError:
        """A tax code of ours that a deal needs, and that is none of the company's."""
        setting = f"books.{self.book.name}.ledger.tax_codes"
        usual = UK_TAX_CODES.get(ours, "") if self.book.regime == "uk" else ""
        if usual:
            wrong = f"QuickBooks has no tax code {usual}, which {ours} usually is, and {setting} names no other"
        else:
            wrong = f"{setting} does not say which tax code of QuickBooks {ours} is"
        return ConfigError(
            f"{wrong}: deal {deal} of the book {self.book.name} needs it.",
            fix=f"Name it in dealbooks.yaml: {setting}: {{{ours}: ...}}. {self._codes_there()}",
        )

    def no_tax(self) -> str:
        """Id of the tax code for lines without tax."""
        return self._tax_code(self.settings.no_tax_code, "no_tax_code")

    def sales_tax_code(self) -> str:
        """Id of the tax code for sales tax in a company in the United States without automated sales tax."""
        if not self.settings.sales_tax_code:
            raise ConfigError(
                f"The QuickBooks company of the book {self.book.name} has no automated sales tax, and no tax code.",
                fix=f"Set books.{self.book.name}.ledger.sales_tax_code to a tax code of the company.",
            )
        return self._tax_code(self.settings.sales_tax_code, "sales_tax_code")

    def rates(self, code: str) -> list[tuple[str, Decimal]]:
        """The rates (id and percent) that a tax code takes on sales."""
        details = self.rows("TaxCode")[code].get("SalesTaxRateList", {}).get("TaxRateDetail", ())
        refs = [str(detail["TaxRateRef"]["value"]) for detail in details]
        return [(ref, Decimal(str(self.rows("TaxRate")[ref].get("RateValue", 0)))) for ref in refs]

    def rate(self, code: str) -> Decimal:
        """What a tax code takes on sales, as a fraction."""
        return sum((percent for _, percent in self.rates(code)), Decimal(0)) / 100

    # -- dimensions --------------------------------------------------------------------------------------------

    def place(self, dimensions: Mapping[str, str]) -> tuple[str, str]:
        """Class and department (as QuickBooks calls a location) of a line, by id; empty where not kept.

        Raises:
            ConfigError: the company has no class or location of that name.
        """
        found = {"class": "", "department": ""}
        location, department = dimensions.get("location", ""), dimensions.get("department", "")
        name = self.settings.location_names.get(location) or self._locations.get(location) or location
        self._placed(found, self.settings.locations_as, name)
        self._placed(found, self.settings.departments_as, self.settings.department_names.get(department, department))
        return found["class"], found["department"]

    def without_place(self, dimensions: Mapping[str, str], *, but: Collection[str] = ()) -> str:
        """Dimensions that have no field in QuickBooks, each with its word, for its texts; those of `but` have one."""
        held = {"location": self.settings.locations_as, "department": self.settings.departments_as}
        tracked = {"department": self.company.tracks_departments, "class": self.company.tracks_classes}
        kept = {name for name, place in held.items() if tracked.get(place, False)}
        told = [
            f"{name.replace('_no', '')} {value}"
            for name, value in dimensions.items()
            if value and name not in kept and name not in but and name not in ("party", "receipt")
        ]  # fmt: skip
        return ", ".join(told)

    def named(self, kind: str, ref: str) -> str:
        """The name of a row, where it is known."""
        return str(self.rows(kind).get(ref, {}).get("Name", ref)) if ref else ""

    def payment_method(self, method: str) -> str:
        """Id of the payment method for a way of paying; empty where the settings name none."""
        name = self.settings.payment_methods.get(method, "")
        return self._by_name("PaymentMethod", name, "payment method") if name else ""

    def _placed(self, found: dict[str, str], wanted: str, name: str) -> None:
        if not name or wanted == "nothing":
            return
        if wanted == "department" and self.company.tracks_departments:
            found["department"] = self._by_name("Department", name, "location")
        elif wanted == "class" and self.company.tracks_classes:
            found["class"] = self._by_name("Class", name, "class")

    def _by_name(self, kind: str, name: str, spoken: str) -> str:
        wanted = name.casefold()
        rows = self.rows(kind)
        exact = (row for row in rows.values() if name in (row["Name"], row["Id"], row.get("FullyQualifiedName")))
        found = next(exact, None) or next((row for row in rows.values() if row["Name"].casefold() == wanted), None)
        if found is None:
            raise ConfigError(
                f"QuickBooks has no {spoken} {name}, which the book {self.book.name} needs.",
                fix=f"Create it in QuickBooks, or name another one under books.{self.book.name}.ledger.",
            )
        return str(found["Id"])

    def _tax_code(self, name: str, setting: str = "") -> str:
        """Id of a tax code; where it is not there, the setting that names it is wrong; empty where none names it."""
        found = [ref for ref, row in self.rows("TaxCode").items() if name in (row["Name"], ref)]
        if found or not setting:
            return found[0] if found else ""
        raise ConfigError(
            f"QuickBooks has no tax code {name}, which books.{self.book.name}.ledger.{setting} names.",
            fix=f"Correct the setting, or create the tax code in QuickBooks. {self._codes_there()}",
        )

    def _codes_there(self) -> str:
        names = sorted(str(row["Name"]) for row in self.rows("TaxCode").values())
        return f"QuickBooks has: {', '.join(names)}."

    def _no_item(self, role: str, what: str, needed_by: str) -> ConfigError:
        return ConfigError(
            f"QuickBooks {what}: the book {self.book.name} needs one for {role} ({needed_by}).",
            fix="Create a service in QuickBooks with that income account, or name one: "
            f"books.{self.book.name}.ledger.items: {{{role}: ...}}",
        )

    def _label_roles(self) -> None:
        """Name each account of the chart that is there."""
        for account in (self.book.chart.roles if self.book.chart is not None else {}).values():
            for ref in self._accounts_of(account):
                self._labels.setdefault(ref, f"{account.number} {account.name}")

    def _accounts_of(self, wanted: Account) -> list[str]:
        """Ids of the accounts with the number of an account of the chart, else with its name."""
        rows = self.rows("Account")
        found = [ref for ref, row in rows.items() if str(row.get("AcctNum") or "") == wanted.number]
        return found or [
            ref for ref, row in rows.items() if wanted.name in (row["Name"], row.get("FullyQualifiedName"))
        ]


def item_account(row: Row) -> str:
    """The account that an item's sales go to."""
    return str(row.get("IncomeAccountRef", {}).get("value", ""))


def _name(rows: Mapping[str, Row], ref: str) -> str:
    """The name of a row."""
    return str(rows[ref]["Name"])
