"""Bank and gateway statements: readers to one model, and the matching of our receipts with their lines. Pure but for
reading a file."""

from dealbooks.bank.model import BankLine, Statement

__all__ = ["BankLine", "Statement"]
