"""What a company says of itself: CompanyInfo and Preferences."""

from __future__ import annotations

from typing import Any

from sandbox.quickbooks.setup import CompanySetup

# [R] under which name the preference is shown; Finance.xsd names it only in a remark on UseAutomatedSalesTax.
OVERRIDE = "TaxPrefs.AllowPartnerTaxOverride"
# [R] the same for the warning about numbers used twice.
WARNING = "WarnDuplicateDocNumber"


def company_info(setup: CompanySetup) -> dict[str, Any]:
    """CompanyInfo of a new company."""
    address = {"Country": setup.country, **({"CountrySubDivisionCode": setup.state} if setup.state else {})}
    return {
        "Id": "1",
        "CompanyName": setup.name,
        "LegalName": setup.name,
        "CompanyAddr": address,
        "LegalAddr": address,
        "Country": setup.country,
        "FiscalYearStartMonth": "January",
        "SupportedLanguages": "en",
        "DefaultTimeZone": setup.zone,
        "CompanyStartDate": "2020-01-01",
    }


def preferences(setup: CompanySetup) -> dict[str, Any]:
    """Preferences of a new company."""
    accounting: dict[str, Any] = {
        "FirstMonthOfFiscalYear": "January",
        "TaxYearMonth": "January",
        "UseAccountNumbers": False,
        "TrackDepartments": True,
        "ClassTrackingPerTxn": True,
        "ClassTrackingPerTxnLine": True,
        "CustomerTerminology": "Customers",
        "DepartmentTerminology": "Location",
    }
    if setup.book_close_date:
        accounting["BookCloseDate"] = setup.book_close_date.isoformat()
    fields = [
        {"Name": f"SalesFormsPrefs.SalesCustomName{number}", "Type": "StringType", "StringValue": name}
        for number, name in enumerate(setup.custom_fields[:3], 1)
    ]
    tax: dict[str, Any] = {"UsingSalesTax": True}
    if setup.country == "US":
        tax["PartnerTaxEnabled"] = setup.automated_tax
    others = {WARNING: setup.warn_duplicates, OVERRIDE: setup.allow_tax_override}
    return {
        "Id": "1",
        "AccountingInfoPrefs": accounting,
        "SalesFormsPrefs": {
            "CustomField": [{"CustomField": fields}] if fields else [],
            "CustomTxnNumbers": setup.custom_numbers,
            "AllowDeposit": True,
            "AllowDiscount": True,
            "AutoApplyPayments": False,
            "AutoApplyCredit": False,
        },
        "TaxPrefs": tax,
        "CurrencyPrefs": {"MultiCurrencyEnabled": setup.multicurrency, "HomeCurrency": {"value": setup.currency}},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {"NameValue": [{"Name": name, "Value": str(on).lower()} for name, on in others.items()]},
    }


def switched(document: Any, name: str) -> bool:
    """A preference that stands among the others, by name."""
    return {"Name": name, "Value": "true"} in document["OtherPrefs"]["NameValue"]
