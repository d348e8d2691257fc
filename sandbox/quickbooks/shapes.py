"""The fields of each document, by name and kind, as Finance.xsd has them for QuickBooks Online.

Kinds: `text`, `money` (two places), `number`, `flag`, `date`, `-` (may be sent, is not kept: the platform sets it),
another shape, or a list of one in brackets.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.quickbooks.refusals import too_long, unsupported

_ENTITY = "Id:- SyncToken:- MetaData:- domain:- sparse:- status:- time:- "
_TXN = (
    _ENTITY + "DocNumber:text TxnDate:date DepartmentRef:Ref CurrencyRef:Ref ExchangeRate:number PrivateNote:text "
    "TxnStatus:- LinkedTxn:- TxnSource:text Line:[Line] TxnTaxDetail:TxnTaxDetail TransactionLocationType:text "
    "AttachableRef:- RecurDataRef:- "
)
_SALES = (
    _TXN + "CustomField:[CustomField] CustomerRef:Ref CustomerMemo:Ref BillAddr:Address ShipAddr:Address "
    "ShipFromAddr:Address FreeFormAddress:- ClassRef:Ref SalesTermRef:Ref DueDate:date PONumber:text ShipMethodRef:Ref "
    "ShipDate:date TrackingNum:text GlobalTaxCalculation:text TotalAmt:- HomeTotalAmt:- ApplyTaxAfterDiscount:flag "
    "TemplateRef:- PrintStatus:text EmailStatus:text BillEmail:Email BillEmailCc:Email BillEmailBcc:Email Balance:- "
    "HomeBalance:- DeliveryInfo:- ARAccountRef:Ref PaymentMethodRef:Ref PaymentRefNum:text PaymentType:text "
    "CreditCardPayment:- CheckPayment:- DepositToAccountRef:Ref "
)
_ROW = _ENTITY + "Name:text Active:flag CustomField:- AttachableRef:- "
_NAMED = _ROW + "FullyQualifiedName:- ParentRef:Ref "
_PERSON = (
    _ENTITY + "Title:text GivenName:text MiddleName:text FamilyName:text Suffix:text CompanyName:text DisplayName:text "
    "PrintOnCheckName:text Active:flag PrimaryPhone:Phone AlternatePhone:Phone Mobile:Phone Fax:Phone "
    "PrimaryEmailAddr:Email WebAddr:- CustomField:- AttachableRef:- V4IDPseudonym:- "
)
_CUSTOMER = (
    _PERSON + "FullyQualifiedName:- DefaultTaxCodeRef:Ref Taxable:flag BillAddr:Address ShipAddr:Address Notes:text "
    "Job:flag BillWithParent:flag ParentRef:Ref Level:- SalesTermRef:Ref PaymentMethodRef:Ref Balance:- "
    "BalanceWithJobs:- OpenBalanceDate:date CurrencyRef:Ref PreferredDeliveryMethod:text ResaleNum:text IsProject:- "
    "Source:- ARAccountRef:Ref PrimaryTaxIdentifier:text AcctNum:text CustomerTypeRef:Ref"
)
_WRITTEN: dict[str, str] = {
    "Ref": "value:text name:text type:text",
    "Email": "Id:- Address:text",
    "Phone": "Id:- FreeFormNumber:text",
    "Address": (
        "Id:- Line1:text Line2:text Line3:text Line4:text Line5:text City:text Country:text CountryCode:text "
        "CountrySubDivisionCode:text PostalCode:text Lat:text Long:text Note:text"
    ),
    "CustomField": "DefinitionId:text Name:text Type:text StringValue:text",
    "LinkedTxn": "TxnId:text TxnType:text TxnLineId:text",
    "TxnTaxDetail": (
        "DefaultTaxCodeRef:Ref TxnTaxCodeRef:Ref TotalTax:money TaxReviewStatus:text TaxLine:[Line] "
        "UseAutomatedSalesTax:flag"
    ),
    "Line": (
        "Id:- LineNum:number Description:text Amount:money DetailType:text LinkedTxn:[LinkedTxn] CustomField:- "
        "SalesItemLineDetail:SalesItemLineDetail DiscountLineDetail:DiscountLineDetail TaxLineDetail:TaxLineDetail "
        "JournalEntryLineDetail:JournalEntryLineDetail DescriptionLineDetail:DescriptionLineDetail "
        "SubTotalLineDetail:- SubtotalLineDetail:- LineEx:- ProjectRef:Ref"
    ),
    "SalesItemLineDetail": (
        "ItemRef:Ref ClassRef:Ref UnitPrice:number Qty:number TaxCodeRef:Ref ServiceDate:date TaxInclusiveAmt:money "
        "ItemAccountRef:- DiscountRate:number DiscountAmt:money MarkupInfo:- PriceLevelRef:- TaxClassificationRef:-"
    ),
    "DiscountLineDetail": (
        "PercentBased:flag DiscountPercent:number DiscountAccountRef:Ref ClassRef:Ref TaxCodeRef:Ref DiscountRef:- "
        "ServiceDate:date Discount:-"
    ),
    "DescriptionLineDetail": "ServiceDate:date TaxCodeRef:Ref",
    "TaxLineDetail": (
        "TaxRateRef:Ref PercentBased:flag TaxPercent:number NetAmountTaxable:money TaxInclusiveAmount:money "
        "OverrideDeltaAmount:money"
    ),
    "JournalEntryLineDetail": (
        "PostingType:text Entity:EntityTypeRef AccountRef:Ref ClassRef:Ref DepartmentRef:Ref TaxCodeRef:Ref "
        "TaxRateRef:Ref TaxApplicableOn:text TaxAmount:money TaxInclusiveAmt:money BillableStatus:text JournalCodeRef:-"
    ),
    "EntityTypeRef": "Type:text EntityRef:Ref",
    "SalesReceipt": _SALES,
    "Invoice": (
        _SALES + "Deposit:money AllowIPNPayment:flag AllowOnlinePayment:flag AllowOnlineCreditCardPayment:flag "
        "AllowOnlineACHPayment:flag InvoiceLink:- EInvoiceStatus:-"
    ),
    "CreditMemo": _SALES + "RemainingCredit:- InvoiceRef:Ref",
    "RefundReceipt": _SALES + "RemainingCredit:-",
    "Payment": (
        _ENTITY + "TxnDate:date CurrencyRef:Ref ExchangeRate:number PrivateNote:text TxnSource:text Line:[Line] "
        "CustomerRef:Ref ARAccountRef:Ref DepositToAccountRef:Ref PaymentMethodRef:Ref PaymentRefNum:text "
        "TotalAmt:money UnappliedAmt:- ProcessPayment:flag CreditCardPayment:- CheckPayment:- LinkedTxn:- TxnStatus:- "
        "TransactionLocationType:text DepartmentRef:- AttachableRef:- DocNumber:- CustomField:-"
    ),
    "JournalEntry": _TXN + "CustomField:- Adjustment:flag GlobalTaxCalculation:text TotalAmt:- HomeTotalAmt:-",
    "Customer": _CUSTOMER,
    "Vendor": _PERSON,
    "Employee": _PERSON,
    "Account": (
        _NAMED + "SubAccount:flag Description:text Classification:- AccountType:text AccountSubType:text AcctNum:text "
        "CurrencyRef:Ref CurrentBalance:- CurrentBalanceWithSubAccounts:- TaxCodeRef:Ref OpeningBalance:-"
    ),
    "Item": (
        _NAMED + "Sku:text Description:text SubItem:flag Level:- Taxable:flag SalesTaxIncluded:flag UnitPrice:number "
        "Type:text IncomeAccountRef:Ref PurchaseDesc:text PurchaseCost:number ExpenseAccountRef:Ref "
        "AssetAccountRef:Ref TrackQtyOnHand:flag QtyOnHand:number InvStartDate:date SalesTaxCodeRef:Ref "
        "PurchaseTaxCodeRef:Ref ClassRef:Ref"
    ),
    "Class": _NAMED + "SubClass:flag",
    "Department": _NAMED + "SubDepartment:flag Address:Address",
    "PaymentMethod": _ROW + "Type:text",
    "Term": _ROW + "Type:text DueDays:number DiscountDays:number DiscountPercent:number",
    "TaxCode": (
        _ROW + "Description:text Taxable:flag TaxGroup:flag SalesTaxRateList:- PurchaseTaxRateList:- Hidden:flag"
    ),
    "TaxRate": _ROW + "Description:text RateValue:number AgencyRef:Ref",
}
SHAPES: dict[str, dict[str, str]] = {
    name: dict(pair.split(":") for pair in written.split()) for name, written in _WRITTEN.items()
}
_CENT = Decimal("0.01")


def cents(value: Decimal) -> Decimal:
    """Rounded to the cent, half away from zero."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def shaped(shape: str, given: object, lengths: Mapping[str, int], path: str = "") -> dict[str, Any]:
    """What was sent, in its kinds; empty texts, empty lists and nulls are as if not sent.

    Raises:
        Refusal: a field that is not of this shape, a value that is not of its kind, a text that is too long.
    """
    if not isinstance(given, Mapping):
        raise unsupported(f"Can not instantiate value of type {path or shape}")
    fields = SHAPES[shape]
    found: dict[str, Any] = {}
    for name, value in given.items():
        kind = fields.get(name)
        if kind is None:
            raise unsupported(name)
        if kind == "-" or value is None or value == "" or value == []:
            continue
        place = f"{path}.{name}" if path else name
        if kind[0] == "[":
            if not isinstance(value, list):
                raise unsupported(place)
            found[name] = [shaped(kind[1:-1], one, lengths, place) for one in value]
        elif kind in SHAPES:
            inner = shaped(kind, value, lengths, place)
            if inner:
                found[name] = inner
        else:
            found[name] = _value(kind, value, place)
            longest = lengths.get(name)
            if longest is not None and len(str(value)) > longest:
                raise too_long(place, longest, len(str(value)))
    return found


def _value(kind: str, value: object, place: str) -> object:
    if kind in ("money", "number"):
        number = _decimal(value, place)
        return cents(number) if kind == "money" else number
    if kind == "flag":
        if isinstance(value, bool) or value in ("true", "false"):
            return value in (True, "true")
        raise unsupported(place)
    if isinstance(value, (Mapping, list, bool)):
        raise unsupported(place)
    text = str(value)
    if kind == "date":
        try:
            return date.fromisoformat(text[:10]).isoformat()
        except ValueError:
            raise unsupported(place) from None
    return text


def _decimal(value: object, place: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise unsupported(place)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise unsupported(place) from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 12:
        raise unsupported(place)
    return number
