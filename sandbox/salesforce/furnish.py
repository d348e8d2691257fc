"""An org with the fields of a dealership's own and a few opportunities that are won."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sandbox.kit.sample import Furnished, sample_sales
from sandbox.salesforce.platform import SalesforceSandbox
from sandbox.salesforce.settings import Settings

NAME = "crm"
_LINE = {"Line_Type__c": "picklist", "Cost__c": "currency"}
_DATES = ("Delivery_Date__c", "Deposit_Date__c", "Payment_Date__c")
_AMOUNTS = (
    "Sale_Price__c", "Vehicle_Cost__c", "Stock_Book_Price__c", "Bank_Transfer_Paid__c", "Contract_Total__c",
    "Deposit__c", "VAT_Amount__c", "Trade_In_Value__c", "Recon_Cost__c", "Finance_Amount__c", "Commission__c",
    "Card_Paid__c", "Trade_In_ACV__c", "Trade_In_Payoff__c",
)  # fmt: skip


def selling(names: Collection[str], place: str) -> tuple[SalesforceSandbox, Furnished]:
    """The sandbox, and what a connection to it is set to; `names` are those that the field map reads, `place` is the
    location of the sales."""
    own = [name for name in names if name.endswith("__c") and "." not in name]
    kinds = {name: "date" if name in _DATES else "currency" if name in _AMOUNTS else "string" for name in own}
    box = SalesforceSandbox(Settings(custom_fields={"Opportunity": kinds, "OpportunityLineItem": _LINE}))
    before = box.clock.now() - timedelta(hours=2)
    car = box.hand.make("Product2", at=before, Name="Used car", ProductCode="CAR", Family="Vehicle")
    for sale in sample_sales(box.clock.now()):
        account = box.hand.make(
            "Account", at=before, Name=sale.customer, IsPersonAccount=True, BillingStreet="1 High Street",
            BillingCity="Leeds", BillingPostalCode="LS1 1AA", BillingCountry="United Kingdom",
        )  # fmt: skip
        deal = box.hand.make(
            "Opportunity", at=before, Name=f"{sale.car} for {sale.customer}", StageName="Closed Won",
            CloseDate=sale.sold.isoformat(), AccountId=account, CurrencyIsoCode="GBP", Deal_No__c=f"SF-{sale.number}",
            VIN__c=sale.vin, Stock_No__c=f"U{sale.number}", Model_Year__c=str(sale.year), Make__c=sale.make,
            Model__c=sale.model, Condition__c="Used", Vehicle_Cost__c=sale.cost, Stock_Book_Price__c=sale.cost,
            Tax_Acquisition__c="margin", VAT_Scheme__c="margin", Deal_Type__c="cash", Store__c=place,
            Delivery_Date__c=sale.delivered.isoformat(), Payment_Date__c=sale.delivered.isoformat(),
            Bank_Transfer_Paid__c=sale.price,
        )  # fmt: skip
        box.hand.make(
            "OpportunityLineItem", at=before, OpportunityId=deal, Product2Id=car, Quantity="1", UnitPrice=sale.price,
            Description=sale.car, Line_Type__c="vehicle",
        )  # fmt: skip
    settings = {"client_id": box.settings.client_id, "timezone": "Europe/London"}
    return box, Furnished(settings, {"url": ""}, {"client_secret": box.settings.client_secret})
