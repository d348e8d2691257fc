"""The embedded ledger: plain Beancount text files, one file per effect, checked and read by Beancount's own programs.

We write the text ourselves. Beancount, beanquery and Fava are separate, optional programs; nothing here imports them.
"""

from __future__ import annotations

from blocks.ledgers.beancount.accounts import ChartAccounts, account_name
from blocks.ledgers.beancount.factory import build
from blocks.ledgers.beancount.head import Head, read_head, write_head
from blocks.ledgers.beancount.ledger import BeancountLedger
from blocks.ledgers.beancount.text import posting_text

__all__ = [
    "BeancountLedger",
    "ChartAccounts",
    "Head",
    "account_name",
    "build",
    "posting_text",
    "read_head",
    "write_head",
]
