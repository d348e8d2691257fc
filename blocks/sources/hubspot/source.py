"""HubSpot's deals as a source of deals.

Changes are found by searches for the time of change of the deal and of its line items. A search runs behind, so what it
finds is read again from where it is written. Searches never show archived deals, so what was taken is asked for by its
id now and then. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from blocks.sources.api import LINES_PART, ApiSource, Window, instant, pages, windows
from blocks.sources.api.fields import Fields
from blocks.sources.hubspot import trees
from blocks.sources.hubspot.api import HubSpotApi, Thing
from blocks.sources.hubspot.fields import COMPANIES, CONTACTS, DEALS, LINES, chosen, missing_text
from blocks.sources.hubspot.settings import HubSpotSettings
from dealbooks.errors import DealbooksError, StopConnection
from dealbooks.http import Budget, Connection
from dealbooks.oauth import TokenSource
from dealbooks.source import Cursor, Page, SourceCapabilities, SourceRecord

_LINES_AT_ONCE = 200
_LOOKED_UP_AGAIN = timedelta(hours=1)
_READINGS = 5
Links = Mapping[str, Sequence[tuple[str, frozenset[str]]]]


class HubSpotDeals(ApiSource):
    """Deals of one account. `fields` are the paths that the map reads."""

    def __init__(
        self,
        connection: Connection,
        settings: HubSpotSettings,
        fields: frozenset[str],
        *,
        searches: Budget,
        now: Callable[[], datetime],
        tokens: TokenSource | None = None,
    ) -> None:
        super().__init__(connection, tokens=tokens)
        self.settings = settings
        self._read_by_map = fields
        self._now = now
        self._looked_at: datetime | None = None
        self._api = HubSpotApi(self.read, searches, settings, connection.name)

    @property
    def capabilities(self) -> SourceCapabilities:
        """What it can do."""
        return SourceCapabilities("changed_since", None, self.settings.page, "asked")

    def get_ready(self) -> None:
        """Have a token, and know that this is the right account and has every property that is read.

        Raises:
            StopConnection: it is not, or has not, or HubSpot cannot be read now.
        """
        super().get_ready()
        if self.settings.portal_id and self._portal != self.settings.portal_id:
            raise StopConnection(
                f"{self.connection.name} reaches the HubSpot account {self._portal}, and portal_id says "
                f"{self.settings.portal_id}.",
                fix="Use the token of that account, or correct portal_id.",
            )
        if self._fields.missing:
            message, fix = missing_text(self._fields, self.connection.name)
            self._forget()  # somebody mends it: looked up anew the next time
            raise StopConnection(message, fix=fix)

    def changes(self, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """See `DealSource`. A property that is deleted would be missing from every deal without a word, so it is looked
        up now and then whether they are all there."""
        if self._looked_at is not None and now - self._looked_at > _LOOKED_UP_AGAIN:
            self._forget()
        self.get_ready()
        found = windows(cursor, now, overlap=self.settings.overlap_seconds, behind=self.settings.behind_seconds)
        yield from pages(found, self._changed_deals, self._changed_lines)

    def everything(self, now: datetime) -> Iterator[Page]:
        """See `DealSource`. The cursor is of the time before it began."""
        self.get_ready()
        (window,) = windows(None, now, overlap=0, behind=self.settings.behind_seconds)
        for ids in self._api.listed(DEALS, self.settings.page):
            yield Page(tuple(self._records(ids)))
        yield Page((), window.done)

    def fetch(self, key: str) -> SourceRecord | None:
        """See `DealSource`. A deal whose line items may still be on their way is not given."""
        self.get_ready()
        found = self._records([key]) if key.isascii() and key.isdigit() else []
        if not found:
            return None
        record = found[0]
        if record.counts and not record.data.get("lines") and record.changed_at:
            age = (self._now() - instant(record.changed_at)).total_seconds()
            if age < self.settings.lines_settle_seconds:
                raise StopConnection(
                    f"{record.place} has no line items yet, and changed {age:.0f} seconds ago.",
                    fix="They may be on their way: it is read again by the next run.",
                )
        return record

    def missing(self, keys: Sequence[str]) -> Collection[str]:
        """See `DealSource`. A deal that was merged into another is not there any more."""
        self.get_ready()
        asked = [key for key in keys if key.isascii() and key.isdigit()]
        return set(keys) - set(self._api.objects(DEALS, asked, ("hs_lastmodifieddate",)))

    def problems(self) -> list[str]:
        """See `DealSource`."""
        try:
            self.get_ready()
            self._api.changed(DEALS, Window(None, self._now()), "", 1)
            lost = self._unknown_names()
        except DealbooksError as error:
            return [error.words]
        said = [f"This HubSpot account has no {one}: correct it in the settings." for one in lost]
        there = set(self.settings.without) & set(self._described[DEALS])
        said += [f"{one} is listed under without, and this account has it: take it off." for one in sorted(there)]
        if self.settings.take_when == "stages" and not self.settings.stages:
            said.append("take_when is stages, and stages names none: no deal is a completed sale.")
        return said

    # -- what changed ----------------------------------------------------------------------------------------------

    def _changed_deals(self, window: Window) -> Iterator[Page]:
        after, page = window.after, self.settings.page
        while ids := self._api.changed(DEALS, window, after, page):
            after = ids[-1]
            yield Page(tuple(self._records(ids)), window.at(after))
            if len(ids) < page:
                return

    def _changed_lines(self, window: Window, after: str) -> Iterator[Page]:
        """Deals of which a line item changed, and not they themselves in this window. From the beginning all are
        new."""
        if window.since is None:
            return
        while ids := self._api.changed(LINES, window, after, _LINES_AT_ONCE):
            after = ids[-1]
            owners = self._api.associated(LINES, DEALS, ids)
            deals = sorted({deal for found in owners.values() for deal, _ in found}, key=int)
            for start in range(0, len(deals), self.settings.page):
                found = self._records(deals[start : start + self.settings.page], outside=window)
                yield Page(tuple(found))
            yield Page((), window.at(after, part=LINES_PART))
            if len(ids) < _LINES_AT_ONCE:
                return

    # -- whole deals -----------------------------------------------------------------------------------------------

    def _records(self, ids: Sequence[str], *, outside: Window | None = None) -> list[SourceRecord]:
        """The deals with all that belongs to them; of one that is no completed sale only that. `outside`: not those
        that changed in this window. Deals and lines are read by calls of their own: what changed in between is read
        again, and what is gone is left out.

        Raises:
            StopConnection: a deal is changed all the time.
        """
        found: list[SourceRecord] = []
        deals = list(self._api.objects(DEALS, ids, self._fields.selected[DEALS]).values())
        if outside is not None:
            deals = [deal for deal in deals if not _in(trees.changed_at(deal), outside)]
        for _ in range(_READINGS):
            read = self._read_whole(deals)
            changed = self._changed_since([deal for deal in deals if self._counts(deal)])
            found += [record for record in read if record.key not in changed]
            if not changed:
                return found
            deals = list(self._api.objects(DEALS, sorted(changed, key=int), self._fields.selected[DEALS]).values())
        raise StopConnection(
            f"{self.connection.name}: the deals {', '.join(sorted(changed))} are changed while they are read.",
            fix="Nothing is lost; they are read again by the next run.",
        )

    def _changed_since(self, sold: Sequence[Thing]) -> set[str]:
        """Completed sales that changed, or went away, since they were read so."""
        if not sold:
            return set()
        was = {str(deal["id"]): trees.changed_at(deal) for deal in sold}
        now = self._api.objects(DEALS, list(was), ("hs_lastmodifieddate",))
        return {one for one, moment in was.items() if one not in now or trees.changed_at(now[one]) != moment}

    def _read_whole(self, deals: Sequence[Thing]) -> list[SourceRecord]:
        sold = [str(deal["id"]) for deal in deals if self._counts(deal)]
        lines, buyers = self._lines(sold), self._buyers(sold)
        return [
            trees.record(deal, lines.get(str(deal["id"]), []), buyers.get(str(deal["id"])), self._fields, self.settings)
            if self._counts(deal)
            else trees.header(deal)
            for deal in deals
        ]

    def _counts(self, deal: Thing) -> bool:
        return trees.counts(deal, self.settings, self._stages, self._pipelines)

    def _lines(self, deals: Sequence[str]) -> dict[str, list[Thing]]:
        """Line items by deal."""
        links = self._linked(LINES, deals)
        wanted = {one for found in links.values() for one, _ in found}
        things = self._api.objects(LINES, wanted, self._fields.selected[LINES]) if wanted else {}
        return {deal: [things[one] for one, _ in found if one in things] for deal, found in links.items()}

    def _buyers(self, deals: Sequence[str]) -> dict[str, Thing]:
        """The customer by deal, by the settings `buyer` and `buyer_label`."""
        found: dict[str, Thing] = {}
        if self.settings.buyer != "contact":
            found = self._parties(COMPANIES, deals)
        if self.settings.buyer != "company":
            found = self._parties(CONTACTS, [deal for deal in deals if deal not in found]) | found
        return found

    def _parties(self, kind: str, deals: Sequence[str]) -> dict[str, Thing]:
        links = self._linked(kind, deals)
        label = self.settings.buyer_label if kind == CONTACTS else ""
        chosen_ids = {deal: one for deal, found in links.items() if (one := _one(found, label))}
        wanted = set(chosen_ids.values())
        things = self._api.objects(kind, wanted, self._fields.selected[kind]) if wanted else {}
        return {deal: things[one] for deal, one in chosen_ids.items() if one in things}

    def _linked(self, kind: str, deals: Sequence[str]) -> Links:
        return self._api.associated(DEALS, kind, deals) if deals else {}

    # -- what seldom changes ---------------------------------------------------------------------------------------

    @cached_property
    def _portal(self) -> str:
        return self._api.portal()

    def _forget(self) -> None:
        for name in ("_fields", "_described"):
            self.__dict__.pop(name, None)

    @cached_property
    def _described(self) -> dict[str, dict[str, Thing]]:
        self._looked_at = self._now()
        return {kind: self._api.properties(kind) for kind in (DEALS, LINES)}

    @cached_property
    def _fields(self) -> Fields:
        return chosen(self._read_by_map, self.settings, self._described)

    @cached_property
    def _all_pipelines(self) -> list[Thing]:
        return self._api.pipelines()

    @cached_property
    def _pipelines(self) -> frozenset[str]:
        """Ids of the pipelines that the settings name, by id or name."""
        if not self.settings.pipelines:
            return frozenset()
        return _named(self._all_pipelines, self.settings.pipelines)

    @cached_property
    def _stages(self) -> frozenset[str]:
        """Ids of the stages that the settings name; a name holds in every pipeline that is read."""
        if self.settings.take_when != "stages":
            return frozenset()
        read = [one for one in self._all_pipelines if not self.settings.pipelines or one["id"] in self._pipelines]
        return _named([stage for one in read for stage in one["stages"]], self.settings.stages)

    def _unknown_names(self) -> list[str]:
        """Pipelines and stages of the settings that the account does not have."""
        if not self.settings.pipelines and not self.settings.stages:
            return []
        stages = [stage for one in self._all_pipelines for stage in one["stages"]]
        lost = [f"pipeline {one}" for one in self.settings.pipelines if not _named(self._all_pipelines, (one,))]
        return lost + [f"stage {one}" for one in self.settings.stages if not _named(stages, (one,))]


def _named(things: Sequence[Thing], wanted: Collection[str]) -> frozenset[str]:
    return frozenset(str(one["id"]) for one in things if one["id"] in wanted or one["label"] in wanted)


def _one(found: Sequence[tuple[str, frozenset[str]]], label: str) -> str:
    """The one that has the label; without a label that is asked for, the only one, else the one that HubSpot calls
    primary, else the one of the lowest id, so that it is the same each time."""
    if label:
        found = [one for one in found if label in one[1]]
    primary = [one for one in found if "Primary" in one[1]]
    return min((one for one, _ in primary or found), key=int, default="")


def _in(stamp: str, window: Window) -> bool:
    """Whether a time of change is in a window, whole milliseconds."""
    moment = instant(stamp)
    until = window.until.replace(microsecond=window.until.microsecond // 1000 * 1000)
    return (window.since is None or moment >= window.since) and moment <= until
