"""A stand-in of Google Sheets: one spreadsheet with its tabs over the Sheets API v4, its version over the Drive API."""

from sandbox.google_sheets.platform import GoogleSheetsSandbox
from sandbox.google_sheets.settings import Settings

__all__ = ["GoogleSheetsSandbox", "Settings"]
