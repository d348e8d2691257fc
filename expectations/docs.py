"""Data Docs: for the audit file, one page a batch with what was expected and how many rows broke it.

Only the page of the batch and our own index are written (a whole site would be built anew for each batch). No value of
a deal gets into them: GX's results are cut to counts and row ids first.
"""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult

KEEP = 30
_COUNTS = (
    "element_count", "unexpected_count", "unexpected_percent", "missing_count", "missing_percent",
    "unexpected_percent_total", "unexpected_percent_nonmissing",
)  # fmt: skip
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Checks of batches</title></head>
<body><h1>Checks of batches</h1><ul>
{items}
</ul></body></html>
"""


_ITEM = '<li><a href="{name}.html">{name}</a></li>'


class DataDocs:
    """The folder that the pages are kept in: the newest `keep` of them."""

    def __init__(self, folder: Path, *, keep: int = KEEP) -> None:
        self._folder = folder
        self._keep = keep
        self._lock = threading.Lock()

    @property
    def index(self) -> Path:
        """The page that lists the others, newest first."""
        return self._folder / "index.html"

    def add(self, result: ExpectationSuiteValidationResult, name: str) -> Path:
        """Write the page of one batch, drop the oldest, renew the index. Returns the batch's page. The values of deals
        are gone from `result` afterwards."""
        page = self._folder / f"batch-{_UNSAFE.sub('-', name)}.html"
        for one in result.results:
            one.result = _counts(one.result)
        text = _render(result)
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")
            pages = sorted(self._folder.glob("batch-*.html"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
            for old in pages[self._keep :]:
                old.unlink(missing_ok=True)
            kept = [html.escape(one.stem) for one in pages[: self._keep]]
            items = "\n".join(_ITEM.format(name=one) for one in kept)
            self.index.write_text(_INDEX.format(items=items), encoding="utf-8")
        return page


def _counts(result: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: result[name] for name in _COUNTS if name in result}
    observed = result.get("observed_value")
    if isinstance(observed, int):
        kept["observed_value"] = observed
    return kept


def _render(result: ExpectationSuiteValidationResult) -> str:
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

    page = ValidationResultsPageRenderer().render(result)
    return str(_view().render(page))


@cache
def _view() -> Any:
    """GX's templates, compiled once: that takes longer than filling them."""
    from great_expectations.render.view.view import DefaultJinjaPageView

    return DefaultJinjaPageView()
