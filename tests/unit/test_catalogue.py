"""The catalogue, the code that raises its rules, and the manual's page cannot drift apart."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from dealbooks.catalogue import CATALOGUE, ECHOES, found, once
from dealbooks.findings import Severity
from expectations.reference import PAGE, reference
from expectations.suites import CHECKS

ROOT = Path(__file__).parent.parent.parent
CODE = re.compile(r"[DFRS]\d{3}")
PACKAGES = ("dealbooks", "blocks", "expectations", "tasks", "flows")


def codes_in_use() -> dict[str, list[str]]:
    """Every text in the code that is a rule's code, with the modules that it stands in; the catalogue left out."""
    used: dict[str, list[str]] = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path.name.startswith("catalogue"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                    used.setdefault(node.value, []).append(str(path.relative_to(ROOT)))
    return used


def test_every_code_that_is_raised_is_in_the_catalogue() -> None:
    unknown = {code: modules for code, modules in codes_in_use().items() if code not in CATALOGUE}
    assert unknown == {}


def test_every_rule_of_the_catalogue_is_raised() -> None:
    assert set(CATALOGUE) - set(codes_in_use()) == set()


def test_batch_rules_are_exactly_those_of_the_suite() -> None:
    in_suite = [check.code for check in CHECKS]
    assert len(in_suite) == len(set(in_suite))
    assert set(in_suite) == {code for code, rule in CATALOGUE.items() if rule.where == "gx"}


def test_the_page_of_the_manual_is_what_the_code_says() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == reference(), "run: python -m expectations.reference"


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=lambda rule: rule.code)
def test_each_rule_can_be_told(rule: object) -> None:
    from dealbooks.rule import Rule

    assert isinstance(rule, Rule)
    assert CODE.fullmatch(rule.code)
    assert rule.title and rule.source
    words = {name for _, name, _, _ in string.Formatter().parse(rule.text) if name is not None}
    assert all(name.isidentifier() for name in words), "a word to fill in is a plain name"
    told = found(rule.code, "here", "7", **dict.fromkeys(words - {"value", "field"}, "x"))
    assert told.severity is rule.severity
    assert "{" not in told.message


def test_a_finding_with_a_word_left_out_is_an_error() -> None:
    with pytest.raises(KeyError):
        found("D043", "vehicle.vin", "X")


def test_an_echo_names_two_rules_of_the_catalogue() -> None:
    assert set(ECHOES) | set(ECHOES.values()) <= set(CATALOGUE)


def test_a_thing_is_said_once() -> None:
    cost = found("D048", "vehicle.cost")
    vin = found("D041", "vehicle.vin", "X")
    assert once([cost, vin, cost]) == [cost, vin]
    determined = CATALOGUE["R007"].found("vehicle.cost", "", **_words("R007"))
    assert once([determined, vin, cost]) == [determined, vin]


def test_an_echo_about_another_line_is_kept() -> None:
    said = CATALOGUE["R023"].found("lines[1].unit_price", "", **_words("R023"))
    same = found("D070", "lines[1].unit_price", "2", line="2", cost="1")
    other = found("D070", "lines[3].unit_price", "2", line="4", cost="1")
    assert once([said, same, other]) == [said, other]


def test_severities_are_the_two_of_the_deal_model() -> None:
    assert {rule.severity for rule in CATALOGUE.values()} == {Severity.ERROR, Severity.WARNING}


def _words(code: str) -> dict[str, str]:
    names = {name for _, name, _, _ in string.Formatter().parse(CATALOGUE[code].text) if name}
    return dict.fromkeys(names - {"value", "field"}, "x")
