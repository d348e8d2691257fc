"""The report of a close pack in a real browser: quiet, self-contained, readable by keyboard, by ear and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_support import CHROMIUM, Page, browser
from pack_support import BOOK, PERIOD, SCRIPT, dealership, signed

from dealbooks.pack import draft_pack

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: the pages were not looked at"),
]
PHONE = 360


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = dealership(tmp_path_factory.mktemp("books"))
    with made.open() as house:
        draft = draft_pack(house, BOOK, PERIOD).folder
    closed = signed(made)
    made.close()
    assert closed.pack is not None
    return {"draft": draft, "signed": closed.pack}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def every_page(packs: dict[str, Path]) -> list[Path]:
    deals = sorted((packs["signed"] / "deals").iterdir())
    return [packs["draft"] / "report.html", packs["signed"] / "report.html", *deals]


def test_nothing_is_complained_of_and_nothing_is_asked_for(packs: dict[str, Path], page: Page) -> None:
    for path in every_page(packs):
        page.open(path)
        assert page.complaints == []
        assert page.requests == [path.resolve().as_uri()]


def test_a_name_that_is_a_script_stays_a_name(packs: dict[str, Path], page: Page) -> None:
    for path in every_page(packs):
        page.open(path)
        assert page.value("document.title") != "taken"
        assert page.value("document.scripts.length") == 0
    page.open(packs["signed"] / "report.html")
    assert SCRIPT in page.value("document.body.textContent")


@pytest.mark.parametrize("width", [PHONE, 768, 1280])
def test_no_page_scrolls_sideways(packs: dict[str, Path], page: Page, width: int) -> None:
    for path in every_page(packs):
        page.open(path, width=width)
        page.value("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.value("document.documentElement.scrollWidth") <= width, path.name
        if width == PHONE:
            wide = "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length"
            assert page.value(wide) == 0, path.name


def test_a_screen_reader_is_told_what_everything_is(packs: dict[str, Path], page: Page) -> None:
    for width in (PHONE, 1280):
        page.open(packs["signed"] / "report.html", width=width)
        page.value("document.querySelectorAll('details').forEach(one => one.open = true)")
        names = page.names()
        nameless = [role for role, name in names if role in ("link", "image", "region", "navigation") and not name]
        assert nameless == []
        roles = {role for role, _ in names}
        assert {"main", "navigation", "heading", "table", "row", "cell", "image"} <= roles
    assert page.value("document.documentElement.lang") == "en"
    levels = page.value("[...document.querySelectorAll('h1,h2,h3,h4')].map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    targets = page.value(
        "[...document.querySelectorAll('a[href^=\"#\"]')].filter(one => !document.querySelector(one.hash)).length"
    )
    assert targets == 0


def test_the_keyboard_reaches_the_report_and_opens_a_story(packs: dict[str, Path], page: Page) -> None:
    page.open(packs["signed"] / "report.html")
    page.press("Tab", 9)
    assert page.value("document.activeElement.className") == "skip"
    page.value("document.querySelector('#exceptions ~ details summary').focus()")
    assert page.value("document.activeElement.parentElement.open") is False
    page.press("Enter", 13)
    assert page.value("document.activeElement.parentElement.open") is True


def test_text_stands_out_in_light_and_dark(packs: dict[str, Path], page: Page) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    script = """(() => {
      const lum = rgb => rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
      const own = (one, what) => getComputedStyle(one)[what].match(/[\\d.]+/g).slice(0, 3).map(Number);
      const back = lum(own(document.body, 'backgroundColor'));
      return [...document.querySelectorAll('p,td,a,.good,.bad,.warn,.soft')].map(one => {
        const front = lum(own(one, 'color'));
        return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
      }).reduce((least, one) => Math.min(least, one), 99);
    })()"""
    for dark in (False, True):
        page.open(packs["draft"] / "report.html", dark=dark)
        assert page.value(script) >= 4.5


def test_it_prints_with_every_story_open(packs: dict[str, Path], page: Page) -> None:
    page.open(packs["signed"] / "report.html")
    assert page.value("document.querySelectorAll('details[open]').length") == 0
    page.call("Emulation.setEmulatedMedia", media="print")
    seen = page.value("document.querySelector('#exceptions ~ details dl').getBoundingClientRect().height")
    page.call("Emulation.setEmulatedMedia", media="")
    assert seen > 0
    assert page.printed().startswith(b"%PDF-")
