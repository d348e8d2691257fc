"""A spreadsheet of Google Sheets as a source of deals."""
