"""The questions that a source asks of Salesforce, in SOQL. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from blocks.sources.api import Window, utc_text
from blocks.sources.api.fields import Fields
from blocks.sources.salesforce.fields import ACCOUNT, CONTACT, LINE, OPPORTUNITY, PRODUCT
from blocks.sources.salesforce.settings import SalesforceSettings


def opportunities(fields: Fields, settings: SalesforceSettings, where: Iterable[str], limit: int) -> str:
    """Opportunities whole: with their lines and their customer, by id."""
    wanted = list(fields.selected[OPPORTUNITY])
    inner = ", ".join(line_fields(fields))
    if settings.buyer == "account":
        wanted += [f"Account.{name}" for name in fields.selected[ACCOUNT]]
    wanted.append(f"(SELECT {inner} FROM OpportunityLineItems)")
    if settings.buyer == "contact":
        people = ", ".join(f"{CONTACT}.{name}" for name in fields.selected[CONTACT])
        wanted.append(f"(SELECT IsPrimary, IsDeleted, {people} FROM OpportunityContactRoles)")
    return _query(dict.fromkeys(wanted), OPPORTUNITY, where, limit)


def lines_of(fields: Fields, opportunity: str, after: str, limit: int) -> str:
    """The lines of one opportunity, by id."""
    where = [f"OpportunityId = '{opportunity}'", *after_id(after)]
    return _query(line_fields(fields), LINE, where, limit)


def changed_lines(window: Window, after: str, limit: int) -> str:
    """Which lines changed, and of which opportunities, by id."""
    wanted = ("Id", "OpportunityId", "Opportunity.SystemModstamp")
    return _query(wanted, LINE, [*within(window), *after_id(after)], limit)


def line_fields(fields: Fields) -> list[str]:
    """Fields of a line, with those of its product."""
    return [*fields.selected[LINE], *(f"{PRODUCT}.{name}" for name in fields.selected[PRODUCT])]


def within(window: Window) -> list[str]:
    """The window as conditions. Salesforce keeps whole seconds: the window's ends are rounded down."""
    since = [f"SystemModstamp >= {stamp(window.since)}"] if window.since is not None else []
    return [*since, f"SystemModstamp <= {stamp(window.until)}"]


def by_ids(ids: Iterable[str]) -> str:
    """These records."""
    listed = ", ".join(f"'{one}'" for one in ids)
    return f"Id IN ({listed})"


def stamp(moment: datetime) -> str:
    """A moment as SOQL writes it, whole seconds."""
    return f"{utc_text(moment)[:19]}.000Z"


def after_id(after: str) -> list[str]:
    """Those that come after this one."""
    return [f"Id > '{after}'"] if after else []


def _query(fields: Iterable[str], source: str, where: Iterable[str], limit: int) -> str:
    condition = " AND ".join(where)
    return (
        f"SELECT {', '.join(fields)} FROM {source}"
        + (f" WHERE {condition}" if condition else "")
        + f" ORDER BY Id ASC LIMIT {limit}"
    )
