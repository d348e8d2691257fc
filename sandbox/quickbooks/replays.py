"""requestid: a write that came with one is done once, and every repeat gets the first answer, whatever became of the
document meanwhile. Source: Intuit's blog of April 2015; what it leaves open is in the settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.quickbooks.company import Company
from sandbox.quickbooks.refusals import Refusal, business, too_long
from sandbox.quickbooks.settings import Settings


@dataclass(frozen=True, slots=True)
class _Kept:
    at: datetime
    body: str
    answer: dict[str, Any] | None
    refusal: Refusal | None = None


class Replays:
    """The answers that are kept, by company and requestid."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: dict[tuple[str, str], _Kept] = {}

    def check(self, key: str, longest: int) -> None:
        """A requestid has a longest length.

        Raises:
            Refusal: it is longer.
        """
        if len(key) > longest:
            raise too_long("requestid", longest, len(key))

    def once(self, company: Company, key: str, body: object, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Do it, or give the first answer again.

        Raises:
            Refusal: it is refused; or was, where the settings keep refusals.
        """
        if not key:
            return do()
        name = (company.setup.realm, key)
        print_of = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        kept = self._kept.get(name)
        if kept is not None and not self._over(kept, company.now()):
            if kept.body != print_of and self._settings.other_body == "refuse":
                raise business("The requestid has been used for another request.")
            if kept.refusal is not None:
                raise kept.refusal
            return kept.answer or {}
        try:
            answer = do()
        except Refusal as refusal:
            if self._settings.refusals_kept:
                self._kept[name] = _Kept(company.now(), print_of, None, refusal)
            raise
        self._kept[name] = _Kept(company.now(), print_of, answer)
        return answer

    def _over(self, kept: _Kept, now: datetime) -> bool:
        life = self._settings.request_id_life
        return life is not None and now - kept.at >= timedelta(seconds=life)
