"""What is read from the ledger itself: journals, and the trial balance."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.xero.books import Books, Journal
from sandbox.xero.lines import ZERO
from sandbox.xero.wire import Doc, ms

_SECTIONS = (("REVENUE", "Revenue"), ("EXPENSE", "Expenses"), ("ASSET", "Assets"), ("LIABILITY", "Liabilities"),
             ("EQUITY", "Equity"))  # fmt: skip
_PAGE = 100


def journals(books: Books, offset: int) -> list[Doc]:
    """The ledger after a journal number, a hundred at a time."""
    return [journal(books, entry) for entry in books.journals[offset : offset + _PAGE]]


def journal(books: Books, entry: Journal) -> Doc:
    """One journal."""
    lines = []
    for place, line in enumerate(entry.lines):
        account: Doc = books.get("Account", line.account) or {}
        rate: Doc = books.get("TaxRate", line.tax_type) or {}
        lines.append({
            "JournalLineID": f"{entry.ref[:-4]}{place:04x}", "AccountID": line.account,
            "AccountCode": account.get("Code", ""), "AccountType": account.get("Type", ""),
            "AccountName": account.get("Name", ""), "Description": line.description, "NetAmount": line.net,
            "GrossAmount": line.net + line.tax, "TaxAmount": line.tax, "TaxType": line.tax_type,
            "TaxName": rate.get("Name", ""),
            "TrackingCategories": [dict(item) for item in line.tracking],
        })  # fmt: skip
    return {
        "JournalID": entry.ref, "JournalDate": ms(entry.date), "JournalNumber": entry.number,
        "CreatedDateUTC": ms(entry.created), "Reference": entry.reference, "SourceID": entry.source,
        "SourceType": entry.kind, "JournalLines": lines,
    }  # fmt: skip


def balances(books: Books, on: date) -> dict[str, tuple[Decimal, Decimal]]:
    """By account id, debit positive: the movement of the month, and the balance of the year, on a day.

    Income and cost of earlier years stand in retained earnings. [R]
    """
    end = books.facts["year_end"]
    closed = date(on.year, end["month"], end["day"])
    if closed >= on:
        closed = date(on.year - 1, end["month"], end["day"])
    retained = books.account("RETAINEDEARNINGS")["AccountID"]
    month: dict[str, Decimal] = {}
    year: dict[str, Decimal] = {}
    for entry in books.journals:
        if entry.date > on:
            continue
        for line in entry.lines:
            account: Doc = books.get("Account", line.account) or {}
            old = account.get("Class") in ("REVENUE", "EXPENSE") and entry.date <= closed
            place = retained if old else line.account
            year[place] = year.get(place, ZERO) + line.net
            if (entry.date.year, entry.date.month) == (on.year, on.month):
                month[line.account] = month.get(line.account, ZERO) + line.net
    return {ref: (month.get(ref, ZERO), year.get(ref, ZERO)) for ref in {**year, **month}}


def trial_balance(books: Books, on: date) -> Doc:
    """GET /Reports/TrialBalance."""
    found = balances(books, on)
    heads = [{"Value": name} for name in ("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")]
    rows: list[Doc] = [{"RowType": "Header", "Cells": heads}]
    sums = [ZERO] * 4
    for name, title in _SECTIONS:
        lines = []
        for account in sorted(books.all("Account"), key=lambda held: str(held["Code"])):
            if account["Class"] != name or account["AccountID"] not in found:
                continue
            figures = [
                side for amount in found[account["AccountID"]] for side in (max(amount, ZERO), max(-amount, ZERO))
            ]
            sums = [one + other for one, other in zip(sums, figures, strict=True)]
            texts = [
                f"{account['Name']} ({account['Code']})",
                *(f"{figure:.2f}" if figure else "" for figure in figures),
            ]
            marks = [{"Id": "account", "Value": account["AccountID"]}]
            lines.append({"RowType": "Row", "Cells": [{"Value": text, "Attributes": marks} for text in texts]})
        if lines:
            rows.append({"RowType": "Section", "Title": title, "Rows": lines})
    last: list[dict[str, Any]] = [{"Value": "Total"}, *({"Value": f"{total:.2f}"} for total in sums)]
    rows.append({"RowType": "Section", "Title": "", "Rows": [{"RowType": "SummaryRow", "Cells": last}]})
    day = f"{on:%-d %B %Y}"
    return {
        "ReportID": "TrialBalance", "ReportName": "Trial Balance", "ReportType": "TrialBalance",
        "ReportTitles": ["Trial Balance", books.name, f"As at {day}"], "ReportDate": day,
        "UpdatedDateUTC": ms(books.clock.now()), "Fields": [], "Rows": rows,
    }  # fmt: skip
