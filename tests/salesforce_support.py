"""A Salesforce org of a dealership, and the source that reads it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from keys_support import key_pair
from pipeline_support import vin_of

from blocks.sources.salesforce.factory import connect, settings_of
from blocks.sources.salesforce.source import SalesforceSales
from dealbooks.mapping import FieldMap
from sandbox.kit import FaultPlan, SandboxTransport, VirtualClock
from sandbox.salesforce import SalesforceSandbox, Settings

# Fields of the dealership's own, as its administrator made them.
DATES = ("Delivery_Date__c", "Deposit_Date__c", "Payment_Date__c")
AMOUNTS = (
    "Sale_Price__c", "Vehicle_Cost__c", "Stock_Book_Price__c", "Bank_Transfer_Paid__c", "Contract_Total__c",
    "Deposit__c", "VAT_Amount__c", "Trade_In_Value__c", "Recon_Cost__c", "Finance_Amount__c", "Commission__c",
    "Card_Paid__c", "Trade_In_ACV__c", "Trade_In_Payoff__c",
)  # fmt: skip
URL = "https://northgate-motors.my.salesforce.com"


def custom_fields() -> dict[str, dict[str, str]]:
    """Every field of the dealership's own that the shipped map reads."""
    reads = FieldMap.load("salesforce").reads()
    names = [path for path in reads if path.endswith("__c") and "." not in path]
    kinds = {name: "date" if name in DATES else "currency" if name in AMOUNTS else "string" for name in names}
    return {"Opportunity": kinds, "OpportunityLineItem": {"Line_Type__c": "picklist", "Cost__c": "currency"}}


@dataclass
class Org:
    """The sandbox, and what a person does in it."""

    box: SalesforceSandbox
    clock: VirtualClock
    faults: FaultPlan
    car: str
    warranty: str

    @property
    def hand(self) -> Any:
        return self.box.hand

    def account(self, number: int) -> str:
        """A customer."""
        made: str = self.hand.make(
            "Account", Name=f"Customer {number}", IsPersonAccount=True, BillingStreet="1 High Street",
            BillingCity="Leeds", BillingPostalCode="LS1 1AA", BillingCountry="United Kingdom",
        )  # fmt: skip
        return made

    def deal(
        self, number: int, *, price: str = "10000.00", stage: str = "Closed Won", late: float = 0, **more: Any
    ) -> str:
        """A sale of a used car under the margin scheme, paid by bank transfer; its id. `at` and `late` as in Hand."""
        at = more.pop("at", None)
        values = {
            "Name": f"Octavia for Customer {number}", "StageName": stage, "CloseDate": "2026-09-10",
            "AccountId": self.account(number), "CurrencyIsoCode": "GBP", "Deal_No__c": f"SF-{number}",
            "VIN__c": vin_of(number), "Stock_No__c": f"U{number}", "Model_Year__c": "2022", "Make__c": "Skoda",
            "Model__c": "Octavia", "Condition__c": "Used", "Vehicle_Cost__c": "8000.00",
            "Stock_Book_Price__c": "8000.00", "Tax_Acquisition__c": "margin", "VAT_Scheme__c": "margin",
            "Deal_Type__c": "cash", "Delivery_Date__c": "2026-09-11", "Payment_Date__c": "2026-09-11",
            "Store__c": "LEEDS", "Bank_Transfer_Paid__c": price,
        } | more  # fmt: skip
        made: str = self.hand.make("Opportunity", at=at, late=late, **values)
        self.hand.make(
            "OpportunityLineItem", at=at, late=late, OpportunityId=made, Product2Id=self.car, Quantity="1",
            UnitPrice=price, Description="Skoda Octavia",
        )  # fmt: skip
        return made

    def reprice(self, deal: str, price: str) -> None:
        """Another price of the car, paid the same day."""
        self.hand.edit(self.hand.lines(deal)[0], UnitPrice=price)
        self.hand.edit(deal, Bank_Transfer_Paid__c=price)


def org(*, clock: VirtualClock | None = None, **settings: Any) -> Org:
    """A sandbox with the products and fields of a dealership."""
    faults, clock = FaultPlan(), clock or VirtualClock()
    given = {"custom_fields": custom_fields(), "public_key": key_pair()[1], **settings}
    box = SalesforceSandbox(Settings(**given), clock=clock, faults=faults)
    car = box.hand.make("Product2", Name="Used car", ProductCode="CAR", Family="Vehicle")
    warranty = box.hand.make("Product2", Name="Warranty", ProductCode="WARRANTY", Family="Protection")
    clock.sleep(timedelta(days=1).total_seconds())
    return Org(box, clock, faults, car, warranty)


def given_settings(**given: Any) -> dict[str, Any]:
    """Settings as they would stand in dealbooks.yaml."""
    return {
        "url": URL, "client_id": "sandbox-consumer-key", "client_secret": "sandbox-consumer-secret",
        "timezone": "Europe/London", **given,
    }  # fmt: skip


def jwt_settings(**given: Any) -> dict[str, Any]:
    """The same, with a private key in place of a secret."""
    found = given_settings(
        **{"grant": "jwt"} | given, private_key=key_pair()[0], username="ledger.sync@northgate.example"
    )
    return {name: value for name, value in found.items() if name != "client_secret"}


def source_of(office: Org, paths: Collection[str] = (), **given: Any) -> SalesforceSales:
    """A new process's source."""
    settings = settings_of("crm", jwt_settings(**given) if given.get("grant") == "jwt" else given_settings(**given))
    reads = paths or FieldMap.load("salesforce").reads()
    return connect("crm", settings, office.clock, reads, transport=SandboxTransport(office.box))
