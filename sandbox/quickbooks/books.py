"""What each transaction does to the accounts, and the trial balance that comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.company import SALES, TRANSACTIONS, Company, Document
from sandbox.quickbooks.refusals import unsupported

_NIL = Decimal(0)


def effects(company: Company, kind: str, document: Document) -> Iterator[tuple[str, Decimal]]:
    """Account and amount, debit-positive, in the company's currency."""
    rate = document.get("ExchangeRate", Decimal(1))
    for account, amount in _effects(company, kind, document):
        if amount:
            yield account, amount * rate


def _effects(company: Company, kind: str, document: Document) -> Iterator[tuple[str, Decimal]]:
    receivable = document.get("ARAccountRef", {}).get("value", company.own["AccountsReceivable"])
    deposit = document.get("DepositToAccountRef", {}).get("value", "")
    if kind == "JournalEntry":
        yield from _journal(company, document)
    elif kind == "Payment":
        yield deposit, document["TotalAmt"]
        yield receivable, -document["TotalAmt"]
    elif kind in SALES:
        sign = -1 if kind in ("CreditMemo", "RefundReceipt") else 1
        received = document.get("Deposit", _NIL) if kind == "Invoice" else _NIL
        if received:
            yield deposit, received
        to = deposit if kind in ("SalesReceipt", "RefundReceipt") else receivable
        yield to, sign * document["TotalAmt"] - received
        for account, amount in _sold(company, document):
            yield account, sign * amount


def _sold(company: Company, document: Document) -> Iterator[tuple[str, Decimal]]:
    for line in document["Line"]:
        if "SalesItemLineDetail" in line:
            yield line["SalesItemLineDetail"]["ItemAccountRef"]["value"], -line["Amount"]
        elif "DiscountLineDetail" in line:
            yield line["DiscountLineDetail"]["DiscountAccountRef"]["value"], line["Amount"]
    yield company.own["SalesTaxPayable"], -document["TxnTaxDetail"]["TotalTax"]


def _journal(company: Company, document: Document) -> Iterator[tuple[str, Decimal]]:
    for line in document["Line"]:
        detail = line.get("JournalEntryLineDetail")
        if detail is None:
            continue
        sign = 1 if detail["PostingType"] == "Debit" else -1
        yield detail["AccountRef"]["value"], sign * line["Amount"]
        yield company.own["SalesTaxPayable"], sign * detail.get("TaxAmount", _NIL)


def balances(company: Company, until: str) -> dict[str, Decimal]:
    """Balance of each account at the end of a day, debit-positive; inactive accounts too."""
    found: dict[str, Decimal] = {}
    for kind in TRANSACTIONS:
        for document in company.tables[kind].values():
            if document["TxnDate"] <= until:
                for account, amount in effects(company, kind, document):
                    found[account] = found.get(account, _NIL) + amount
    return found


def trial_balance(company: Company, query: Mapping[str, str]) -> dict[str, Any]:
    """The report TrialBalance, accrual, of all days up to `end_date`.

    Raises:
        Refusal: a date that is none.
    """
    until = query.get("end_date") or company.today()
    try:
        date.fromisoformat(until)
    except ValueError:
        raise unsupported("end_date") from None
    rows: list[dict[str, Any]] = []
    totals = {"debit": _NIL, "credit": _NIL}
    for account, amount in sorted(balances(company, until).items(), key=lambda pair: int(pair[0])):
        if not amount:
            continue
        side = "debit" if amount > 0 else "credit"
        totals[side] += abs(amount)
        cells = {"debit": "", "credit": "", side: f"{abs(amount):.2f}"}
        name = company.tables["Account"][account]["Name"]
        rows.append({"ColData": [{"value": name, "id": account}, *_cells(cells)]})
    ends = {side: f"{amount:.2f}" for side, amount in totals.items()}
    rows.append({"Summary": {"ColData": [{"value": "TOTAL"}, *_cells(ends)]}, "type": "Section", "group": "GrandTotal"})
    titles = (("", "Account"), ("Debit", "Money"), ("Credit", "Money"))
    return {
        "Header": {
            "Time": company.stamp(company.now()), "ReportName": "TrialBalance", "ReportBasis": "Accrual",
            "StartPeriod": query.get("start_date", until), "EndPeriod": until, "SummarizeColumnsBy": "Total",
            "Currency": company.setup.currency,
            "Option": [{"Name": "NoReportData", "Value": str(len(rows) == 1).lower()}],
        },
        "Columns": {"Column": [{"ColTitle": title, "ColType": kind} for title, kind in titles]},
        "Rows": {"Row": rows},
    }  # fmt: skip


def _cells(sides: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": sides["debit"]}, {"value": sides["credit"]}]
