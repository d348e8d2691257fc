"""A September to close, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pipeline_support import Dealership, financed, sale

BOOK, PERIOD = "northgate", "2026-09"


def september(folder: Path) -> Path:
    """A dealership with two sales, one of them of a lender who has not paid; its folder."""
    made = dealership(folder)
    made.sales(12, sale(1), financed(2))
    made.sync()
    made.close()
    return folder


def copy_of(template: Path, folder: Path, **book: Any) -> Dealership:
    """The same dealership again, in another folder; `book` changes its settings."""
    shutil.copytree(template, folder)
    return dealership(folder, **book)


def dealership(folder: Path, **book: Any) -> Dealership:
    """The dealership that a folder holds."""
    return Dealership(folder, f"sqlite:///{folder / 'store.db'}", **book)
