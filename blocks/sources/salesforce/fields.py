"""Which fields of an org a source reads: what its map reads, under the names that the org has for it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from blocks.sources.api.fields import Described, Fields, line_names
from blocks.sources.salesforce.settings import SalesforceSettings

OPPORTUNITY, LINE, ACCOUNT, CONTACT, PRODUCT = "Opportunity", "OpportunityLineItem", "Account", "Contact", "Product2"
OBJECTS = (OPPORTUNITY, LINE, ACCOUNT, CONTACT, PRODUCT)

# Read whatever the map reads, and there in every org.
_HEAD = ("Id", "Name", "StageName", "IsWon", "IsDeleted", "SystemModstamp", "CloseDate", "AccountId")
_LINE = ("Id", "OpportunityId", "IsDeleted", "Quantity", "UnitPrice", "TotalPrice", "Description", "SortOrder")
_PRODUCT = ("ProductCode", "Name", "Family")
_PARTY = ("Id", "Name", "Phone")
# Read where the org has them: people as accounts, several currencies, codes of countries.
_IF_THERE: Mapping[str, tuple[str, ...]] = {
    OPPORTUNITY: ("CurrencyIsoCode",),
    LINE: (),
    PRODUCT: (),
    ACCOUNT: (
        "IsPersonAccount", "PersonEmail", "BillingStreet", "BillingCity", "BillingState", "BillingStateCode",
        "BillingPostalCode", "BillingCountry", "BillingCountryCode",
    ),
    CONTACT: (
        "Email", "MailingStreet", "MailingCity", "MailingState", "MailingStateCode", "MailingPostalCode",
        "MailingCountry", "MailingCountryCode",
    ),
}  # fmt: skip
# Our own names in the tree: no field is looked for under them.
OWN = frozenset(("lines", "buyer", "sale_date", "currency", "store_code", "total", "price_includes_tax"))


def chosen(read_by_map: Collection[str], settings: SalesforceSettings, described: Described) -> Fields:
    """What to ask an org for, given what its objects have: object -> field -> description."""
    has = {name: frozenset(described.get(name, {})) for name in OBJECTS}
    own = {name: settings.fields.get(name, name) for name in _names(read_by_map, settings)}
    lines = {name: settings.fields.get(f"lines.{name}", name) for name in line_names(read_by_map)}
    missing = [field for field in own.values() if not _there(field, has)]
    missing += [f"{LINE}.{field}" for field in lines.values() if field not in has[LINE]]
    given = {
        OPPORTUNITY: (*_HEAD, *(("RecordType.DeveloperName",) if settings.record_types else ())),
        LINE: (*_LINE, settings.line_type) if settings.line_type in has[LINE] else _LINE,
        PRODUCT: tuple(name for name in _PRODUCT if name in has[PRODUCT]),
        ACCOUNT: _PARTY,
        CONTACT: _PARTY,
    }
    own = {name: field for name, field in sorted(own.items()) if _there(field, has)}
    lines = {name: field for name, field in sorted(lines.items()) if field in has[LINE]}
    selected = {
        name: tuple(
            dict.fromkeys((
                *given[name],
                *(one for one in _IF_THERE[name] if one in has[name]),
                *(own.values() if name == OPPORTUNITY else ()),
                *(lines.values() if name == LINE else ()),
            ))
        )
        for name in OBJECTS
    }  # fmt: skip
    return Fields(selected, own, lines, tuple(sorted(set(missing) - set(settings.without))), described)


def _names(read_by_map: Collection[str], settings: SalesforceSettings) -> set[str]:
    """Names of the map that are fields of the opportunity, or of what it leads to (`Owner.Name`)."""
    found = {path for path in read_by_map if path.partition(".")[0] not in OWN}
    return found - {name for name in found if settings.fields.get(name, name) in settings.without}


def _there(field: str, has: Mapping[str, frozenset[str]]) -> bool:
    """Whether the org shows a field. What stands behind a relation that is not described here is asked for as it is."""
    holder, _, leaf = field.rpartition(".")
    if not holder:
        return leaf in has[OPPORTUNITY]
    return holder not in has or leaf in has[holder]


def missing_text(fields: Fields, name: str) -> tuple[str, str]:
    """What to say of missing fields, and what to do."""
    listed = ", ".join(fields.missing)
    return (
        f"{name}: Salesforce does not show us {len(fields.missing)} fields that the map reads: {listed}.",
        "Give our user the right to see them (field-level security), name them under fields if they are called "
        f"otherwise there, or say that this org has none: without: [{listed}]",
    )
