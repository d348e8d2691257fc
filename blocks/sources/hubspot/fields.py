"""Which properties a source asks HubSpot for: what its map reads, under the names of the account for it. Pure."""

from __future__ import annotations

from collections.abc import Collection

from blocks.sources.api.fields import Described, Fields, line_names
from blocks.sources.hubspot.settings import HubSpotSettings

DEALS, LINES, CONTACTS, COMPANIES = "deals", "line_items", "contacts", "companies"

# Read whatever the map reads, and there in every account.
DEAL = (
    "dealname",
    "dealstage",
    "pipeline",
    "closedate",
    "deal_currency_code",
    "hs_is_closed_won",
    "hs_lastmodifieddate",
)
LINE = (
    "name", "hs_sku", "quantity", "price", "amount", "hs_line_item_currency_code", "hs_position_on_quote",
    "hs_lastmodifieddate",
)  # fmt: skip
CONTACT = ("firstname", "lastname", "email", "phone", "address", "city", "state", "zip", "country")
COMPANY = ("name", "phone", "address", "address2", "city", "state", "zip", "country")
# Our own names in the tree: no property is looked for under them.
OWN = frozenset(("id", "lines", "buyer", "sale_date", "currency", "store_code", "total", "price_includes_tax"))


def chosen(read_by_map: Collection[str], settings: HubSpotSettings, described: Described) -> Fields:
    """What to ask an account for, given what its objects have."""
    deals, lines = described.get(DEALS, {}), described.get(LINES, {})
    own = {
        path: settings.fields.get(path, path) for path in read_by_map if "." not in path and path not in OWN
    }  # fmt: skip
    own_lines = {name: settings.fields.get(f"lines.{name}", name) for name in line_names(read_by_map)}
    missing = {name for name in own.values() if name not in deals}
    missing |= {f"{LINES}.{name}" for name in own_lines.values() if name not in lines}
    own = {name: source for name, source in sorted(own.items()) if source in deals}
    own_lines = {name: source for name, source in sorted(own_lines.items()) if source in lines}
    typed = (settings.line_type,) if settings.line_type in lines else ()
    selected = {
        DEALS: tuple(dict.fromkeys((*DEAL, *own.values()))),
        LINES: tuple(dict.fromkeys((*LINE, *typed, *own_lines.values()))),
        CONTACTS: CONTACT,
        COMPANIES: COMPANY,
    }
    return Fields(selected, own, own_lines, tuple(sorted(missing - set(settings.without))), described)


def missing_text(fields: Fields, name: str) -> tuple[str, str]:
    """What to say of missing properties, and what to do."""
    listed = ", ".join(fields.missing)
    return (
        f"{name}: this HubSpot account has not {len(fields.missing)} of the properties that the map reads: {listed}.",
        "Create them, name them under fields if they are called otherwise there, or say that this account has none: "
        f"without: [{listed}]",
    )
