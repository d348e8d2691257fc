"""What a ledger's own return would make of our documents, and what is to be adjusted by hand, box by box. Pure.

Documents as in posting-rules.md section 7, mode A: one invoice whose lines carry tax codes, and journals for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError

from dealbooks.errors import ConfigError
from dealbooks.returns.form import Form, Strict, Treatment
from dealbooks.returns.model import Box, BoxLine, LedgerBox
from dealbooks.yamlfile import read_yaml

_FILE = Path(__file__).parent / "ledgers.yaml"


class LedgerRule(Strict):
    """Whether the ledger's return takes up lines of a kind, and why not. The first rule that fits answers."""

    parts: tuple[str, ...] = ("*",)
    roles: tuple[str, ...] = ("*",)
    treatments: tuple[Treatment, ...] = ()
    counted: bool
    because: str = Field(min_length=3)
    source: str = Field(min_length=3)


class LedgerRules(Strict):
    """A ledger: the forms that it has a return for, and what that return takes up."""

    ledger: str
    name: str
    dated: date
    forms: tuple[str, ...] = ()
    without_return: str
    enter: str
    rules: tuple[LedgerRule, ...] = ()

    def of_line(self, line: BoxLine) -> LedgerRule | None:
        """The rule for a line of a box; None when none fits."""
        for rule in self.rules:
            if (
                (not rule.treatments or line.treatment in rule.treatments)
                and any(fnmatchcase(line.part, one) for one in rule.parts)
                and any(fnmatchcase(line.role, one) for one in rule.roles)
            ):
                return rule
        return None


@lru_cache(maxsize=1)
def _all() -> Mapping[str, LedgerRules]:
    try:
        rules = [LedgerRules.model_validate(one) for one in read_yaml(_FILE)["ledgers"]]
    except ValidationError as error:
        wrong = error.errors()[0]
        raise ConfigError(f"{_FILE}: {wrong['loc']}: {wrong['msg']}", fix="Correct that key.") from error
    return {one.ledger: one for one in rules}


def ledger_rules(platform: str) -> LedgerRules | None:
    """What is known of a ledger's own return; None for a ledger that nothing is known of."""
    return _all().get(platform)


def known_ledgers() -> tuple[str, ...]:
    """Ledgers whose own return is compared."""
    return tuple(_all())


def beside(
    form: Form,
    boxes: Sequence[Box],
    lines: Sequence[BoxLine],
    ledger: LedgerRules,
    worked_out: Callable[[Iterable[BoxLine]], Mapping[str, Decimal]],
) -> tuple[Box, ...]:
    """Put what the ledger's return would show beside each box. `worked_out` makes the boxes from lines."""
    if form.form not in ledger.forms:
        nothing = LedgerBox(None, None, ledger.without_return)
        return tuple(replace(box, ledger=nothing) for box in boxes)
    counted: list[BoxLine] = []
    reasons: dict[str, dict[str, None]] = {}
    answers: dict[tuple[str, str, str], LedgerRule | None] = {}
    for line in lines:
        place = (line.part, line.role, line.treatment)
        if place not in answers:
            answers[place] = ledger.of_line(line)
        rule = answers[place]
        if rule is not None and rule.counted:
            counted.append(line)
            continue
        why = f"no rule is known for part {line.part}" if rule is None else f"{rule.because} ({rule.source})"
        reasons.setdefault(line.box, {})[why] = None
    theirs = worked_out(counted)
    made = []
    for box in boxes:
        adjustment = box.amount - theirs[box.box]
        reason = "; ".join(reasons.get(box.box, ())) if adjustment else ""
        if adjustment and not reason:
            reason = "follows from the boxes that it is worked out from"
        made.append(replace(box, ledger=LedgerBox(theirs[box.box], adjustment, reason)))
    return tuple(made)
