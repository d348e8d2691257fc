"""What the QuickBooks sandbox answers, and what is sent to it, against Intuit's schemas (Finance.xsd and companions).

The schemas are of the XML form; the JSON form has the same names: attributes are plain members, a reference is an
object of `value`, `name` and `type`, what may occur several times is a list.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from quickbooks_sandbox_support import Books, deal, journal, paid, side, sold

from sandbox.quickbooks import uk
from sandbox.quickbooks.shapes import SHAPES

_BESIDE = Path(__file__).parents[3] / "shared" / "contracts"
_FOLDER = Path(os.environ.get("DEALBOOKS_CONTRACTS", _BESIDE)) / "quickbooks"
_TYPES = {"Ref": "ReferenceType", "Email": "EmailAddress", "Phone": "TelephoneNumber", "Address": "PhysicalAddress"}
# Fields beside the schema that python-quickbooks sends back as it got them.
_CLIENT = {"time", "Discount", "SubtotalLineDetail"}
pytestmark = pytest.mark.skipif(
    not (_FOLDER / "IntuitRestServiceDef.xsd").exists(),
    reason="Intuit's schemas are not here: lay them beside the checkout, or set DEALBOOKS_CONTRACTS",
)


@cache
def _schema() -> Any:
    return xmlschema.XMLSchema(str(_FOLDER / "IntuitRestServiceDef.xsd"))


@cache
def _members(name: str) -> dict[str, tuple[Any, bool]]:
    """Of a complex type: member -> its type, and whether it is a list."""
    kind = _schema().types[name]
    found: dict[str, tuple[Any, bool]] = {attribute: (one.type, False) for attribute, one in kind.attributes.items()}
    if kind.has_simple_content():
        return {**found, "value": (_schema().meta_schema.types["string"], False)}
    for element in kind.content.iter_elements():
        if element.local_name == "IntuitObject":
            several = element.max_occurs is None
            found |= {one.local_name: (one.type, several) for one in _schema().elements.values()}
        elif element.local_name is not None:
            found[element.local_name] = (element.type, element.max_occurs is None)
    return found


def _faults(kind: Any, value: object, path: str) -> Iterator[str]:
    if kind.is_simple():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if isinstance(value, (Mapping, list)) or not kind.is_valid(text):
            yield f"{path}: {value!r} is no {kind.local_name}"
        return
    if not isinstance(value, Mapping):
        yield f"{path}: {value!r} is no {kind.local_name}"
        return
    members = _members(kind.local_name)
    for name, one in value.items():
        place = f"{path}.{name}"
        if name not in members:
            yield f"{place}: unknown"
            continue
        inner, several = members[name]
        if several != isinstance(one, list):
            yield f"{place}: {'a list is' if several else 'no list is'} expected"
            continue
        for part in one if several else [one]:
            yield from _faults(inner, part, place)


def _check(kind: str, value: object) -> None:
    assert list(_faults(_schema().types[kind], value, kind)) == []


def _filled(books: Books) -> dict[str, dict[str, Any]]:
    """One of every document, as the sandbox answers."""
    customer = books.customer()
    code = "TAX" if books.sandbox.company().in_us else "3"
    lines = [sold("24500.00", code=code, ClassRef={"value": "5000000000000021"}), sold("-7000.00", "44", code)]
    discount = {"Amount": "100.00", "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}
    more = {"Line": [*lines, discount], "CustomField": [{"DefinitionId": "1", "StringValue": "1FTFW1E50MFA00231"}]}
    form = deal(customer, DepartmentRef={"value": "2"}, DepositToAccountRef={"value": "35"}, **more)
    if code != "TAX":
        del form["TxnTaxDetail"]
    found = {kind: books.made(kind, form) for kind in ("SalesReceipt", "Invoice", "CreditMemo", "RefundReceipt")}
    found["Payment"] = books.made("Payment", paid(customer, "100.00", found["Invoice"]["Id"]))
    entry = journal(side("Debit", "5.00", "62"), side("Credit", "5.00", "84", customer), DocNumber="J-1")
    found["JournalEntry"] = books.made("JournalEntry", entry)
    found["Invoice"] = books.get(f"invoice/{found['Invoice']['Id']}")["Invoice"]
    return found


@pytest.fixture(params=[None, uk()], ids=["us", "uk"])
def books(request: pytest.FixtureRequest) -> Books:
    return Books(request.param)


def test_documents(books: Books) -> None:
    for kind, document in _filled(books).items():
        _check(kind, document)


def test_rows_of_lists(books: Books) -> None:
    _filled(books)
    kinds = ("Customer", "Account", "Item", "TaxCode", "TaxRate", "Class", "Department", "PaymentMethod", "Term")
    for kind in kinds:
        rows = books.query(f"select * from {kind}")[kind]
        assert rows
        for row in rows:
            _check(kind, row)
    _check("Preferences", books.get("preferences")["Preferences"])
    _check("CompanyInfo", books.get(f"companyinfo/{books.realm}")["CompanyInfo"])


def test_voided_documents(books: Books) -> None:
    made = _filled(books)
    for kind in ("Payment", "Invoice", "SalesReceipt"):
        _check(kind, dict(books.hand.void(kind, made[kind]["Id"])))


@pytest.mark.parametrize(
    "ask",
    [
        lambda books: books.get("query", query="select * from Invoice"),
        lambda books: books.get("query", query="select Id, TotalAmt from Payment"),
        lambda books: books.get("query", query="select count(*) from Invoice"),
        lambda books: books.get("query", query="select * from Nothing"),
        lambda books: books.get("cdc", entities="Invoice,Payment", changedSince="2026-08-31T00:00:00-08:00"),
        lambda books: books.post("invoice", {}),
        lambda books: books.post("batch", {"BatchItemRequest": [
            {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Batched"}},
            {"bId": "2", "operation": "create", "Invoice": {}},
            {"bId": "3", "Query": "select * from Customer"},
        ]}),
    ],
    ids=["query", "projection", "count", "fault", "cdc", "refusal", "batch"],
)  # fmt: skip
def test_envelopes(books: Books, ask: Callable[[Books], dict[str, Any]]) -> None:
    invoice = _filled(books)["Invoice"]
    books.hand.void("Payment", "5")
    books.hand.delete("Invoice", invoice["Id"])
    _check("IntuitResponse", ask(books))


def test_report(books: Books) -> None:
    _filled(books)
    report = books.get("reports/TrialBalance")
    report.pop("time")
    _check("Report", report)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_the_sandbox_knows_no_field_that_the_schema_does_not(shape: str) -> None:
    assert set(SHAPES[shape]) - set(_members(_TYPES.get(shape, shape))) <= _CLIENT


def test_requests_of_the_tests_are_of_the_schema() -> None:
    _check("SalesReceipt", deal("1"))
    _check("JournalEntry", journal(side("Debit", "5.00", "62", "1")))
    _check("Payment", paid("1", "5.00", "2"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"Colour": "red"},
        {"TxnDate": "20/11/2026"},
        {"Line": [{"Amount": Decimal(1), "DetailType": "NoDetail"}]},
        {"Line": {"Amount": Decimal(1)}},
        {"TotalAmt": "many"},
        {"CustomerRef": "1"},
    ],
)
def test_the_check_itself_finds(wrong: dict[str, Any]) -> None:
    assert list(_faults(_schema().types["SalesReceipt"], wrong, "SalesReceipt"))
