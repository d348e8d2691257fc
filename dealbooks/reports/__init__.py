"""Reports that people read and spreadsheets open. Pure: values in, text out."""

from dealbooks.reports.reconciliation import exceptions_csv, reconciliation_markdown, tie_out_csv

__all__ = ["exceptions_csv", "reconciliation_markdown", "tie_out_csv"]
