"""Writes docs/checks.md: `python -m expectations.reference`."""

from __future__ import annotations

from pathlib import Path

from dealbooks.catalogue import catalogue_markdown
from expectations.suites import CHECKS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "checks.md"


def reference() -> str:
    """The page of the manual that lists every rule."""
    return catalogue_markdown({check.code: check.told for check in CHECKS})


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
