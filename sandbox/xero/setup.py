"""What an owner sets: the organisation, accounts, tax rates, tracking categories."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.xero.books import Books
from sandbox.xero.wire import Doc, ms, number

_ACCOUNT = ("Code", "Name", "Type", "Description", "TaxType", "EnablePaymentsToAccount", "Status", "BankAccountNumber")


def organisation(books: Books) -> Doc:
    """GET /Organisation."""
    facts = books.facts
    found: Doc = {
        "OrganisationID": books.tenant, "Name": books.name, "LegalName": books.name, "PaysTax": True,
        "Version": facts["version"], "OrganisationType": "COMPANY", "BaseCurrency": books.currency,
        "CountryCode": books.country, "IsDemoCompany": False, "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": facts["year_end"]["day"], "FinancialYearEndMonth": facts["year_end"]["month"],
        "SalesTaxBasis": facts["tax_basis"], "SalesTaxPeriod": "QUARTERLY", "CreatedDateUTC": ms(books.created),
        "Timezone": facts["timezone"]["xero"], "OrganisationEntityType": "COMPANY", "ShortCode": "!23eYt",
        "Class": "PREMIUM" if books.settings.premium else "STANDARD", "Edition": "BUSINESS",
        "Addresses": [], "Phones": [], "ExternalLinks": [], "PaymentTerms": {},
    }  # fmt: skip
    if books.period_lock:
        found["PeriodLockDate"] = ms(books.period_lock)
    if books.year_lock:
        found["EndOfYearLockDate"] = ms(books.year_lock)
    return found


def actions(books: Books) -> list[Doc]:
    """GET /Organisation/Actions: what the plan allows."""
    names = ("CreateApprovedInvoice", "CreatePayment", "CreateManualJournal", "CreateContact", "CreateCreditNote")
    return [{"Name": name, "Status": "ALLOWED"} for name in names]


def currencies(books: Books) -> list[Doc]:
    """GET /Currencies."""
    return [{"Code": code, "Description": code} for code in (books.currency, *books.settings.currencies)]


def save_account(books: Books, data: Mapping[str, Any], ref: str = "") -> Doc:
    """PUT makes an account, POST to its id changes it.

    Raises:
        Invalid: with what is wrong.
    """
    old = books.get("Account", ref) if ref else None
    sent = {name: data[name] for name in _ACCOUNT if data.get(name) is not None}
    if old is None:
        if not sent.get("Code") or not sent.get("Name") or not sent.get("Type"):
            raise books.invalid("account")
        made = books.add_account(str(sent["Code"]), str(sent["Name"]), str(sent["Type"]))
        _free_code(books, made)
        return books.save("Account", {**made, **sent}, "create")
    if old.get("SystemAccount"):
        raise books.invalid("system_account")
    if sent.get("TaxType") and books.get("TaxRate", str(sent["TaxType"])) is None:
        raise books.invalid("tax_unknown", tax=sent["TaxType"])
    doc = {**old, **sent}
    _free_code(books, doc)
    return books.save("Account", doc, "update")


def _free_code(books: Books, doc: Doc) -> None:
    if any(other["AccountID"] != doc["AccountID"] for other in books.find("Account", "Code", doc["Code"])):
        raise books.invalid("code_taken")


def save_tax_rate(books: Books, data: Mapping[str, Any]) -> Doc:
    """PUT makes a rate (TAX001, TAX002, ...), POST changes the one of that TaxType or name.

    Raises:
        Invalid: with what is wrong.
    """
    old = books.get("TaxRate", str(data.get("TaxType") or ""))
    rate = sum((number(part.get("Rate")) or Decimal(0) for part in data.get("TaxComponents", ())), Decimal(0))
    if old is not None:
        parts = data.get("TaxComponents") or old["TaxComponents"]
        figure = rate if data.get("TaxComponents") else old["EffectiveRate"]
        more = {name: data[name] for name in ("Name", "Status") if data.get(name)}
        rates = {"TaxComponents": parts, "EffectiveRate": figure, "DisplayTaxRate": figure}
        return books.save("TaxRate", {**old, **more, **rates}, "update")
    names = {str(held["Name"]).casefold() for held in books.all("TaxRate")}
    if str(data.get("Name") or "").casefold() in names | {""}:
        raise books.invalid("exists", name=data.get("Name") or "A tax rate without a name")
    taken = sum(1 for held in books.all("TaxRate") if str(held["TaxType"]).startswith("TAX"))
    kind = str(data.get("ReportTaxType") or "OUTPUT")
    sales = kind not in ("INPUT", "ECINPUT", "CAPITALEXPENSESINPUT", "EXEMPTEXPENSES", "EXEMPTINPUT")
    made = books.add_tax_rate(f"TAX{taken + 1:03d}", str(data["Name"]), rate, sales, kind != "OUTPUT")
    return books.save("TaxRate", made, "create")


def save_category(books: Books, data: Mapping[str, Any], ref: str = "") -> Doc:
    """PUT makes a tracking category, POST to its id changes it.

    Raises:
        Invalid: with what is wrong.
    """
    old = books.get("TrackingCategory", ref) if ref else None
    name = str(data.get("Name") or (old or {}).get("Name") or "")[:100]
    active = [held for held in books.all("TrackingCategory") if held["Status"] == "ACTIVE"]
    if any(held["Name"].casefold() == name.casefold() and held is not old for held in active) or not name:
        raise books.invalid("exists", name=name)
    if old is None:
        if len(active) >= books.settings.max_tracking:
            raise books.invalid("categories", limit=books.settings.max_tracking)
        return books.save("TrackingCategory", books.add_tracking(name, []), "create")
    return books.save(
        "TrackingCategory", {**old, "Name": name, "Status": data.get("Status") or old["Status"]}, "update"
    )


def save_options(books: Books, ref: str, listed: list[Any]) -> list[Doc]:
    """PUT /TrackingCategories/{id}/Options.

    Raises:
        Invalid: there is no such category, or the option exists.
    """
    held = books.get("TrackingCategory", ref)
    if held is None:
        raise books.invalid("tracking", name=ref, option="")
    made: list[Doc] = []
    for data in listed:
        name = str(data.get("Name") or "")[:100]
        if not name or any(option["Name"].casefold() == name.casefold() for option in (*held["Options"], *made)):
            raise books.invalid("exists", name=name)
        made.append({"TrackingOptionID": books.new_id(), "Name": name, "Status": "ACTIVE"})
    books.save("TrackingCategory", {**held, "Options": [*held["Options"], *made]}, "update")
    return made
