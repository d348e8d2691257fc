"""Judges a report by the list of what was planted. It reads nothing else: no store, no ledger, no code of Dealbooks.

Each plant must be named once, under its class and its deal, and nothing else may be named. The proof of every account
must come to nothing: what moved is what was expected, what others did, and what the exceptions say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from plant_ledger import Plant

Found = Mapping[str, Any]


@dataclass(slots=True)
class Verdict:
    """What is wrong with a report; sound when nothing is."""

    planted: int = 0
    found: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    missed: list[Plant] = field(default_factory=list)
    false: list[Found] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether all was found, nothing else was, and the proof holds."""
        return not self.missed and not self.false and not self.unproven

    def __str__(self) -> str:
        said = [f"planted {self.planted}, found {self.found}, false {len(self.false)}, unproven {len(self.unproven)}"]
        said += [f"  missed  {one.book} {one.kind}: {one.code} {one.deal} {' '.join(one.words)}" for one in self.missed]
        said += [f"  false   {_code(one)} {one.get('deal')}: {one.get('what')}" for one in self.false]
        return "\n".join(said + [f"  unproven {one}" for one in self.unproven])


def check(report: Mapping[str, Any], plants: Sequence[Plant]) -> Verdict:
    """Hold a reconciliation's JSON against what was planted in its book."""
    mine = [one for one in plants if one.book == report["book"]]
    verdict = Verdict(planted=len(mine))
    for part in ("exceptions", "cut_off"):
        free: dict[int, Found] = dict(enumerate(report[part]))
        # The most particular first, so that a plant with few words never takes what another one means.
        for plant in sorted((one for one in mine if one.part == part), key=lambda one: -len(" ".join(one.words))):
            fits = [index for index, one in free.items() if _is(plant, one)]
            if fits:
                del free[fits[0]]
                verdict.found += 1
                verdict.by_code[plant.code] += 1
            else:
                verdict.missed.append(plant)
        verdict.false += free.values()
    ids = [one["id"] for one in report["exceptions"]]
    verdict.unproven += [f"two exceptions have the id {one}" for one, count in Counter(ids).items() if count > 1]
    verdict.unproven += _proof(report)
    return verdict


def _code(one: Found) -> str:
    return str(one.get("code") or one.get("kind"))


def _is(plant: Plant, one: Found) -> bool:
    text = " ".join(str(one.get(name, "")) for name in ("where", "what", "ours", "theirs"))
    return _code(one) == plant.code and one["deal"] == plant.deal and all(word in text for word in plant.words)


def _proof(report: Mapping[str, Any]) -> list[str]:
    """Accounts whose movement is not what was expected, what others did, and what the exceptions say."""
    said: dict[tuple[str, str], Decimal] = {}
    known = set()
    for one in report["exceptions"]:
        known.add(one["id"])
        for delta in one["accounts"]:
            place = (delta["account"], delta["currency"])
            said[place] = said.get(place, Decimal(0)) + Decimal(delta["amount"])
    wrong = []
    for row in report["totals"]:
        amount = {
            name: Decimal(row[name]) for name in ("opening", "expected", "found", "other", "difference", "closing")
        }
        explained = said.pop((row["account"], row["currency"]), Decimal(0))
        if amount["found"] != amount["expected"] + amount["other"] + explained:
            wrong.append(f"{row['account']}: {amount['found']} moved, not explained wholly")
        if amount["difference"] != explained or amount["closing"] != amount["opening"] + amount["found"]:
            wrong.append(f"{row['account']}: its own figures do not add up")
        if not set(row["explained_by"]) <= known or (explained and not row["explained_by"]):
            wrong.append(f"{row['account']}: explained by what is not in the report")
    return wrong + [f"{account}: in an exception, and not in the proof" for (account, _), rest in said.items() if rest]
