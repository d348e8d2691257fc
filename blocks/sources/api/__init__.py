"""What sources over an API have in common: the calls, the windows of time that they read, and trees of plain values."""

from blocks.sources.api.source import ApiSource
from blocks.sources.api.trees import number_text, plain
from blocks.sources.api.window import LINES_PART, Window, instant, pages, utc_text, windows

__all__ = ["LINES_PART", "ApiSource", "Window", "instant", "number_text", "pages", "plain", "utc_text", "windows"]
