"""A month of five hundred deals: the page stays small, and each deal's story has a file of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pack_support import BOOK, PERIOD
from pipeline_support import Dealership, financed, sale

from dealbooks.pack import draft_pack, verify_pack
from dealbooks.pack.render import INLINE_STORIES

pytestmark = pytest.mark.long
DEALS = 500
MOST_BYTES = 3_000_000


def test_five_hundred_deals(tmp_path: Path) -> None:
    made = Dealership(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")
    made.sales(12, *(financed(number) if number % 2 else sale(number) for number in range(1, DEALS + 1)))
    made.sync()
    with made.open() as house:
        pack = draft_pack(house, BOOK, PERIOD)
    made.close()
    page = (pack.folder / "report.html").read_text("utf-8")
    assert len(page.encode()) < MOST_BYTES
    assert len(list((pack.folder / "deals").iterdir())) == DEALS
    exceptions = json.loads((pack.folder / "report.json").read_text("utf-8"))["exceptions"]
    assert len(exceptions) > INLINE_STORIES
    assert page.count("<summary>The whole story of deal") == INLINE_STORIES
    told = set(re.findall(r'<a href="(deals/[^"]+)">The whole story', page))
    assert told
    assert all((pack.folder / one).is_file() for one in told)
    assert verify_pack(pack.folder).intact
