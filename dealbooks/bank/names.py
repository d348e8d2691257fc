"""Names in the words of a bank: references as whole words, parties by their parts. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from dealbooks.bank.model import BankLine

_LEAST = 4  # characters; a shorter reference is in every text by chance
_LEAST_DIGITS = 5  # of digits alone: four are a year
_NOT_PLAIN = re.compile(r"[^A-Z0-9]+")
_AMOUNTS = re.compile(
    r"(?<![A-Z0-9])[0-9]{1,3}(?:[.,'][0-9]{3})*[.,][0-9]{2}(?![0-9A-Z])|[0-9]+[.,][0-9]{2}(?![0-9A-Z])"
)
# What is said before or after a name, and does not tell one from another.
_TITLES = frozenset({
    "MR", "MRS", "MS", "MISS", "DR", "SIR", "MX", "LTD", "LIMITED", "PLC", "LLC", "INC", "CO", "CORP", "COMPANY",
    "GMBH", "AG", "SA", "SARL", "BV", "PTY", "THE", "AND", "OF",
})  # fmt: skip


@lru_cache(maxsize=65_536)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text: letters and digits only, in capitals, without accents."""
    plain = unicodedata.normalize("NFKD", text.upper())
    return tuple(_NOT_PLAIN.sub(" ", "".join(one for one in plain if not unicodedata.combining(one))).split())


def is_name(name: str) -> bool:
    """Whether a reference is long enough to prove something where it stands in a text."""
    plain = "".join(words_of(name))
    return len(plain) >= (_LEAST_DIGITS if plain.isdigit() else _LEAST)


class LineWords:
    """The words of bank lines, by which lines that hold a name are found. Amounts that stand in a text are no names."""

    def __init__(self, lines: Sequence[BankLine]) -> None:
        self._texts: list[str] = []
        self._words: list[frozenset[str]] = []
        self._holding: dict[str, list[int]] = {}
        for index, line in enumerate(lines):
            said = " | ".join([_AMOUNTS.sub(" ", line.text), *line.references, line.counterparty, line.own_id])
            found = [word for part in said.split("|") for word in (*words_of(part), "|")]
            self._texts.append(f" {' '.join(found)} ")
            self._words.append(frozenset(found))
            for word in sorted(self._words[-1]):
                self._holding.setdefault(word, []).append(index)

    def naming(self, name: str) -> tuple[int, ...]:
        """Which lines hold a reference as whole words."""
        if not is_name(name):
            return ()
        wanted = words_of(name)
        rarest = min((self._holding.get(word, ()) for word in wanted), key=len)
        phrase = f" {' '.join(wanted)} "
        return tuple(index for index in rarest if phrase in self._texts[index])

    def holds(self, index: int, name: str) -> bool:
        """Whether one line holds a reference as whole words."""
        return is_name(name) and f" {' '.join(words_of(name))} " in self._texts[index]

    def of_party(self, party: str) -> tuple[int, ...]:
        """Which lines name a party: all parts of its name in any order, or the last with the first's initial."""
        parts = [word for word in words_of(party) if word not in _TITLES]
        if not parts or (len(parts) == 1 and len(parts[0]) < _LEAST):
            return ()
        found = set(self._with_all(frozenset(parts)))
        if len(parts) > 1 and len(parts[-1]) >= _LEAST:
            found.update(self._with_all(frozenset({parts[-1], parts[0][0]})))
        return tuple(sorted(found))

    def _with_all(self, wanted: frozenset[str]) -> list[int]:
        """Which lines hold all of these words: of those that hold the rarest, the ones that hold the others."""
        rarest = min((self._holding.get(word, ()) for word in sorted(wanted)), key=len)
        return [index for index in rarest if wanted <= self._words[index]]

    def has_any(self, index: int, words: frozenset[str]) -> bool:
        """Whether a line holds one of these words."""
        return not words.isdisjoint(self._words[index])


def shared_by_several(names: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Names, in plain words, that more than one has; `names` gives the names of each."""
    return frozenset(name for name, owners in _owners(names).items() if len(owners) > 1)


def plain(name: str) -> str:
    """A name as it is held against others: its words."""
    return " ".join(words_of(name))


def lines_by_name(
    found: LineWords, names: Mapping[str, Iterable[str]], nobodys: frozenset[str] = frozenset()
) -> tuple[dict[int, frozenset[str]], dict[int, frozenset[str]]]:
    """Line -> whose names stand in it; and those of them that it names by a name which nobody else has. `names` gives
    the names of each, `nobodys` are plain names that name nobody. A name of several says nothing more where one of them
    is named beside it."""
    alone: dict[int, set[str]] = {}
    several: dict[int, list[frozenset[str]]] = {}
    for name, owners in _owners(names).items():
        for index in found.naming(name) if name not in nobodys else ():
            if len(owners) == 1:
                alone.setdefault(index, set()).update(owners)
            else:
                several.setdefault(index, []).append(owners)
    named = {index: set(some) for index, some in alone.items()}
    for index, groups in several.items():
        for owners in groups:
            if owners.isdisjoint(alone.get(index, ())):
                named.setdefault(index, set()).update(owners)
    return (
        {index: frozenset(some) for index, some in named.items()},
        {index: frozenset(some) for index, some in alone.items()},
    )


def _owners(names: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """Plain name -> who has it."""
    found: dict[str, set[str]] = {}
    for whose, own in names.items():
        for name in own:
            found.setdefault(plain(name), set()).add(whose)
    return {name: frozenset(some) for name, some in found.items()}
