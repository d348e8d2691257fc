"""The documents of QuickBooks Online as they are sent: customer, sales form, payment. Field names and
rules: Finance.xsd and Intuit's API reference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from blocks.ledgers.quickbooks import wire
from blocks.ledgers.quickbooks.directory import Directory
from blocks.ledgers.quickbooks.figures import ZERO, pinned
from dealbooks.documents import Document, DocumentLine, MoneyDocument
from dealbooks.ledger import Party, Posting
from dealbooks.money import amount_text
from dealbooks.outbox.enqueue import effect_key

TAXABLE, NOT_TAXED = "TAX", "NON"  # the two codes of lines in the United States [C]
_TAIL = 10  # hex digits of the effect's key in its number
_NOT_IN_NUMBER = re.compile(r"[^A-Za-z0-9._/#-]+")
_NOT_IN_NAME = re.compile(r"[:\t\r\n\"]+")  # a colon parts a customer from its job


def number_of(posting: Posting, name: str, length: int) -> str:
    """The document's number: the deal's, as far as it fits, and the first digits of the effect's key. It can be asked
    for, and is the same on every attempt."""
    deal = _NOT_IN_NUMBER.sub("", posting.deal_number)[: length - _TAIL - 1]
    return f"{deal}-{effect_key(posting.key, name, _TAIL)}"


def customer(posting: Posting, party_id: str, directory: Directory) -> dict[str, Any]:
    """A customer to be found or made. `names` are tried in this order: the second is used where somebody else has the
    first (customers, vendors and employees share their names)."""
    party = posting.parties.get(party_id) or Party(party_id, party_id)
    most = directory.settings.name_length
    name = " ".join(_NOT_IN_NAME.sub(" ", party.name or party.id).split()) or party.id
    tail = f" ({_NOT_IN_NAME.sub(' ', party.id)})"
    body: dict[str, Any] = {"Notes": wire.party_marker(party.id)}
    if party.business:
        body["CompanyName"] = name[:most]
    address = _address(party)
    if address:
        body |= {"BillAddr": address, "ShipAddr": address}
    return {
        "kind": wire.CUSTOMER,
        "what": f"customer {name}",
        "party": party.id,
        "names": [name[:most].strip(), name[: most - len(tail)].strip() + tail],
        "body": body,
        "expect": {"party": party.id.replace("]", ")"), "status": "active"},
    }


def sales_form(
    posting: Posting, document: Document, kind: str, customer_effect: str, directory: Directory
) -> dict[str, Any]:
    """An invoice, a sales receipt or a credit memo."""
    currency = document.currency
    needed_by = f"{document.name} of deal {posting.deal_number}"
    inclusive = document.amounts == "inclusive" and not directory.company.in_us
    lines, sums, codes = [], [], []
    for number, line in enumerate(_taxable(document, directory), 1):
        item = directory.item(line.role, needed_by=needed_by)
        klass, _ = directory.place(line.dimensions)
        lines.append(_form_line(number, line, item, klass, currency, directory, inclusive=inclusive))
        sums.append((directory.account(line.role, needed_by=needed_by), klass, "", line.net))
        codes.append([line.code, str(line.net)])
    _, department = directory.place(document.dimensions)
    if not department and document.lines:
        _, department = directory.place(document.lines[0].dimensions)
    body: dict[str, Any] = {
        "DocNumber": number_of(posting, document.name, directory.settings.number_length),
        "TxnDate": document.date.isoformat(),
        "CustomerRef": {"value": wire.awaited(customer_effect)},
        "Line": lines,
    }
    if department:
        body["DepartmentRef"] = {"value": department}
    address = _address(posting.parties.get(document.customer))
    if address:
        body["ShipAddr"] = address  # automated sales tax goes by it
    fields = _custom_fields(posting, directory)
    if fields:
        body["CustomField"] = fields
    body["TxnTaxDetail"] = _tax(document, directory)
    if not directory.company.in_us:
        body["GlobalTaxCalculation"] = "TaxInclusive" if inclusive else "TaxExcluded"
    expect: dict[str, Any] = {
        "number": body["DocNumber"],
        "date": body["TxnDate"],
        "status": "posted",
        "currency": currency,
        "customer": wire.awaited(customer_effect),
        "total": amount_text(document.total, currency),
        "tax": amount_text(document.tax_total, currency),
        "location": department,
        "lines": pinned(sums),
    }
    if not directory.company.in_us:
        expect["tax codes"] = codes
    if kind == wire.RECEIPT:
        deposit = directory.account("cash.undeposited", needed_by=needed_by)
        body["DepositToAccountRef"] = {"value": deposit}
        expect["account"] = deposit
        methods = {receipt.method for receipt in document.paid}
        method = directory.payment_method(methods.pop()) if len(methods) == 1 else ""
        if method:
            body["PaymentMethodRef"] = {"value": method}
    return payload_of(posting, kind, f"{document.name} {body['DocNumber']}", body["DocNumber"], body, expect)


def payment(
    posting: Posting, document: MoneyDocument, customer_effect: str, applied: str, directory: Directory
) -> dict[str, Any]:
    """Money from the customer, or out of clearing; `applied` names the effect of the invoice that it is applied to."""
    number = number_of(posting, document.name, directory.settings.number_length)
    account = directory.account(document.money.role, needed_by=f"{document.name} of deal {posting.deal_number}")
    total = amount_text(document.amount, document.currency)
    body: dict[str, Any] = {
        "CustomerRef": {"value": wire.awaited(customer_effect)},
        "TxnDate": document.date.isoformat(),
        "TotalAmt": total,
        "PaymentRefNum": number,
        "DepositToAccountRef": {"value": account},
        "Line": [],
    }
    method = directory.payment_method(document.money.dimensions.get("method", ""))
    if method:
        body["PaymentMethodRef"] = {"value": method}
    if applied and document.applied:
        link = {"TxnId": wire.awaited(applied), "TxnType": "Invoice"}
        body["Line"] = [{"Amount": amount_text(document.applied, document.currency), "LinkedTxn": [link]}]
    expect = {
        "date": body["TxnDate"],
        "status": "posted",
        "currency": document.currency,
        "customer": wire.awaited(customer_effect),
        "total": total,
        "account": account,
    }
    payload = payload_of(posting, wire.PAYMENT, f"{document.name} {number}", number, body, expect)
    told = directory.without_place(document.money.dimensions, but=("method",) if method else ())
    return {**payload, "note": f"{payload['note']}, {told}"} if told else payload


def application(
    posting: Posting, document: MoneyDocument, customer_effect: str, settled: tuple[str, str], directory: Directory
) -> dict[str, Any]:
    """A payment of nothing that applies a journal entry's line on accounts receivable to a credit memo; `settled` names
    the effects of the two."""
    number = number_of(posting, "applied", directory.settings.number_length)
    amount, nothing = amount_text(document.applied, document.currency), amount_text(ZERO, document.currency)
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": wire.awaited(name), "TxnType": kind}]}
        for name, kind in zip(settled, (wire.JOURNAL, wire.CREDIT), strict=True)
    ]
    body = {
        "CustomerRef": {"value": wire.awaited(customer_effect)},
        "TxnDate": document.date.isoformat(),
        "TotalAmt": nothing,
        "PaymentRefNum": number,
        "Line": lines,
    }
    expect = {
        "date": body["TxnDate"],
        "status": "posted",
        "customer": wire.awaited(customer_effect),
        "total": nothing,
    }
    return payload_of(posting, wire.PAYMENT, f"applied {number}", number, body, expect)


def payload_of(
    posting: Posting, kind: str, what: str, number: str, body: Mapping[str, Any], expect: Mapping[str, Any]
) -> dict[str, Any]:
    """A payload, with the memo that says which deal and car it is about."""
    car = ", ".join(text for text in (f"VIN {posting.vin}" * bool(posting.vin),
                                      f"stock {posting.stock_no}" * bool(posting.stock_no)) if text)  # fmt: skip
    note = f"Deal {posting.deal_number}, {posting.entry.entry_id}" + (f", {car}" if car else "")
    return {"kind": kind, "what": what, "number": number, "note": note, "body": dict(body), "expect": dict(expect)}


def _form_line(
    number: int, line: DocumentLine, item: str, klass: str, currency: str, directory: Directory, *, inclusive: bool
) -> dict[str, Any]:
    """One line; `Amount` must be quantity times price [R], and is below nothing for what is taken off."""
    amount = amount_text(line.net, currency)
    detail: dict[str, Any] = {
        "ItemRef": {"value": item},
        "Qty": "-1" if line.net < 0 else "1",
        "UnitPrice": amount_text(abs(line.net), currency),
        "TaxCodeRef": {"value": line.code},
    }
    if klass:
        detail["ClassRef"] = {"value": klass}
    if inclusive:
        detail["TaxInclusiveAmt"] = amount_text(line.gross, currency)
    return {
        "LineNum": number,
        "Amount": amount,
        "Description": _described(line, directory)[: directory.settings.text_length],
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def _described(line: DocumentLine, directory: Directory) -> str:
    """What a line is, with the dimensions that QuickBooks has no place for."""
    told = directory.without_place(line.dimensions)
    return f"{line.description}; {told}" if told else line.description


def _taxable(document: Document, directory: Directory) -> list[DocumentLine]:
    """The lines. In the United States a tax is dropped where no line is taxable [R]: where a deal's tax is on none of
    its lines (on a lease's first payment), the largest line carries it. The amount of tax is ours all the same."""
    lines = list(document.lines)
    if directory.company.in_us and document.tax_total and not any(line.code == TAXABLE for line in lines):
        largest = max(range(len(lines)), key=lambda at: lines[at].net)
        lines[largest] = lines[largest]._replace(code=TAXABLE)
    return lines


def _tax(document: Document, directory: Directory) -> dict[str, Any]:
    """In the United States our total, which automated sales tax takes instead of its own [C]. Elsewhere the tax of each
    rate, which is taken where the company may state it [R]."""
    company, currency = directory.company, document.currency
    total = amount_text(document.tax_total, currency)
    if company.in_us:
        if company.automated_tax or not document.tax_total:
            return {"TotalTax": total}
        return {"TotalTax": total, "TxnTaxCodeRef": {"value": directory.sales_tax_code()}}
    if directory.settings.tax == "computed":
        return {"TotalTax": total}
    taxes: dict[str, Decimal] = {}
    nets: dict[str, Decimal] = {}
    for line in document.lines:
        nets[line.code] = nets.get(line.code, ZERO) + line.net
    for tax in document.taxes:
        taxes[tax.code] = taxes.get(tax.code, ZERO) + tax.amount
    stated = []
    for code, net in nets.items():
        rates = directory.rates(code)
        if len(rates) > 1:
            return {"TotalTax": total}  # how one amount is parted among several rates is theirs to say
        for rate, percent in rates:
            detail = {
                "TaxRateRef": {"value": rate},
                "PercentBased": True,
                "TaxPercent": format(percent, "f"),
                "NetAmountTaxable": amount_text(net, currency),
            }
            amount = amount_text(taxes.get(code, ZERO), currency)
            stated.append({"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail})
    return {"TotalTax": total, "TaxLine": stated}


def _address(party: Party | None) -> dict[str, str]:
    """An address of ours in their fields; nothing when there is none."""
    if party is None:
        return {}
    region = party.region.partition("-")[2] or party.region
    found = {
        "Line1": party.street,
        "City": party.city,
        "CountrySubDivisionCode": region,
        "PostalCode": party.postcode,
        "Country": party.country,
    }
    return {name: value for name, value in found.items() if value}


def _custom_fields(posting: Posting, directory: Directory) -> list[dict[str, str]]:
    """VIN, stock number and deal in the fields that the settings name. Only decoration: the car is on its line too."""
    values = {"vin": posting.vin, "stock_no": posting.stock_no, "deal": posting.deal_number}
    most = directory.settings.field_length
    return [
        {"DefinitionId": number, "Type": "StringType", "StringValue": values[name][:most]}
        for name, number in sorted(directory.settings.custom_fields.items(), key=lambda pair: pair[1])
        if values[name]
    ]
