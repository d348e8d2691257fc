"""The pages about returns say what the forms say and what the golden cases come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from returns_pages import PAGES, filled

from dealbooks.returns import shipped_forms


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.name)
def test_the_tables_of_a_page_are_those_of_its_form(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(text) == text, "run: PYTHONPATH=.:tests python tests/returns_pages.py"


def test_every_form_has_its_codes_and_boxes_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    named = [name for name in shipped_forms() if f"<!-- codes: {name} -->" in text]
    assert named == list(shipped_forms())
    assert [name for name in named if f"<!-- boxes: {name} -->" not in text] == ["us-sales-tax"]
