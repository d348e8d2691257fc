"""What objects the org has, their fields, and how they hang together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.salesforce.settings import Settings

_AUDIT = (
    "Id:id CreatedDate:datetime LastModifiedDate:datetime LastModifiedById:reference SystemModstamp:datetime"
    " IsDeleted:boolean"
)
_ADDRESS = "Street:textarea City:string State:string PostalCode:string Country:string"


def _address(prefix: str) -> str:
    return " ".join(f"{prefix}{one}" for one in _ADDRESS.split())


_STANDARD = {
    "Opportunity": "Name:string StageName:picklist IsClosed:boolean IsWon:boolean CloseDate:date Amount:currency"
    " AccountId:reference ContactId:reference OwnerId:reference RecordTypeId:reference Pricebook2Id:reference"
    " Description:textarea",
    "OpportunityLineItem": "OpportunityId:reference Product2Id:reference Quantity:double UnitPrice:currency"
    " TotalPrice:currency Discount:percent Description:string ServiceDate:date SortOrder:int",
    "OpportunityContactRole": "OpportunityId:reference ContactId:reference Role:picklist IsPrimary:boolean",
    "Account": f"Name:string Phone:phone {_address('Billing')}",
    "Contact": "Name:string FirstName:string LastName:string Email:email Phone:phone AccountId:reference "
    + _address("Mailing"),
    "Product2": "Name:string ProductCode:string Family:picklist IsActive:boolean",
    "RecordType": "Name:string DeveloperName:string SobjectType:string",
    "User": "Name:string Username:string Email:email",
}
PREFIXES = {
    "Opportunity": "006", "OpportunityLineItem": "00k", "OpportunityContactRole": "00K", "Account": "001",
    "Contact": "003", "Product2": "01t", "RecordType": "012", "User": "005",
}  # fmt: skip
# (object, name of the relation) -> (field, object it leads to)
PARENTS = {
    ("Opportunity", "Account"): ("AccountId", "Account"),
    ("Opportunity", "Owner"): ("OwnerId", "User"),
    ("Opportunity", "RecordType"): ("RecordTypeId", "RecordType"),
    ("OpportunityLineItem", "Opportunity"): ("OpportunityId", "Opportunity"),
    ("OpportunityLineItem", "Product2"): ("Product2Id", "Product2"),
    ("OpportunityContactRole", "Contact"): ("ContactId", "Contact"),
    ("OpportunityContactRole", "Opportunity"): ("OpportunityId", "Opportunity"),
    ("Contact", "Account"): ("AccountId", "Account"),
}
# (object, name of the relation) -> (object of the children, their field)
CHILDREN = {
    ("Opportunity", "OpportunityLineItems"): ("OpportunityLineItem", "OpportunityId"),
    ("Opportunity", "OpportunityContactRoles"): ("OpportunityContactRole", "OpportunityId"),
}
_SCALES = {"currency": (18, 2), "double": (18, 2), "percent": (5, 2), "int": (8, 0)}


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its type is Salesforce's own word."""

    name: str
    type: str

    def described(self) -> dict[str, object]:
        """As `describe` says it."""
        precision, scale = _SCALES.get(self.type, (0, 0))
        return {
            "name": self.name, "label": self.name.removesuffix("__c").replace("_", " "), "type": self.type,
            "custom": self.name.endswith("__c"), "precision": precision, "scale": scale, "nillable": True,
            "filterable": self.type != "textarea", "sortable": self.type != "textarea", "length": 255,
        }  # fmt: skip


def objects(settings: Settings) -> Mapping[str, Mapping[str, Field]]:
    """Every object with its fields, before field-level security."""
    found: dict[str, dict[str, Field]] = {}
    for name, listed in _STANDARD.items():
        words = f"{_AUDIT} {listed}".split()
        found[name] = {one.partition(":")[0]: Field(*one.split(":")) for one in words}
    if settings.multi_currency:
        for name in ("Opportunity", "OpportunityLineItem", "Account"):
            found[name]["CurrencyIsoCode"] = Field("CurrencyIsoCode", "picklist")
    if settings.person_accounts:
        found["Account"] |= {
            "IsPersonAccount": Field("IsPersonAccount", "boolean"),
            "PersonEmail": Field("PersonEmail", "email"),
        }
    if settings.country_codes:
        for name, prefix in (("Account", "Billing"), ("Contact", "Mailing")):
            for code in (f"{prefix}CountryCode", f"{prefix}StateCode"):
                found[name][code] = Field(code, "picklist")
    for name, more in settings.custom_fields.items():
        found[name] |= {one: Field(one, kind) for one, kind in more.items()}
    return found
