"""The ledger's own files: main.beancount, which a person may add to, and accounts.beancount, which is ours."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from blocks.ledgers.beancount.accounts import OpenAccount, accounts_text, opened_in
from blocks.ledgers.beancount.files import cannot_write, replace_file
from blocks.ledgers.beancount.syntax import quoted

MAIN_FILE = "main.beancount"
ACCOUNTS_FILE = "accounts.beancount"
ENTRIES_PATTERN = "ledger/*/*.beancount"

_LOCK_FILE = ".lock"


@contextlib.contextmanager
def folder_lock(root: Path) -> Iterator[None]:
    """Held while a file that several writers share is rewritten; the system gives it up when a holder dies. Raises
    OSError."""
    fd = os.open(root / _LOCK_FILE, os.O_CREAT | os.O_RDWR, 0o640)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def main_text(title: str, currency: str) -> str:
    """The first main.beancount of a ledger.

    The tolerance lets `3.00 USD @@ 1.00 GBP` balance: Beancount keeps the price per unit (0.333...), and takes no
    difference at all where no amount of the transaction is written in GBP. It forgives no cent.
    """
    return (
        "; Written once by Dealbooks, and yours from then on: options, bank transactions and balance assertions of\n"
        "; your own may stand below. Entries of deals stand in ledger/, one file each; they are never changed.\n"
        f'option "title" {quoted(title)}\n'
        f'option "operating_currency" "{currency}"\n'
        'option "inferred_tolerance_default" "*:0.000000001"\n'
        'plugin "beancount.plugins.noduplicates"\n'
        'plugin "beancount.plugins.leafonly"\n'
        f'include "{ACCOUNTS_FILE}"\n'
        f'include "{ENTRIES_PATTERN}"\n'
    )


class LedgerFolder:
    """The files that every entry needs before it can be read."""

    def __init__(self, root: Path, title: str, currency: str, opened: date) -> None:
        self.root = root
        self.title = title
        self.currency = currency
        self.opened = opened

    @property
    def main(self) -> Path:
        """The file that Beancount's programs are given."""
        return self.root / MAIN_FILE

    @property
    def accounts(self) -> Path:
        """The file with the `open` directives."""
        return self.root / ACCOUNTS_FILE

    def prepare(self, wanted: Iterable[OpenAccount]) -> frozenset[str]:
        """Write main.beancount if there is none, and open every wanted account, durable on return; gives the names
        of all accounts that are open. What stands there already stays. Raises StopConnection."""
        try:
            with folder_lock(self.root):
                if not self.main.exists():
                    replace_file(self.main, main_text(self.title, self.currency).encode())
                existing = self.accounts.read_text("utf-8") if self.accounts.exists() else ""
                text = accounts_text(existing, wanted, self.opened)
                if text != existing:
                    replace_file(self.accounts, text.encode())
        except OSError as error:
            raise cannot_write(self.root, error) from error
        return frozenset(opened_in(text))

    def touch(self) -> None:
        """Tell Beancount's load cache that the ledger changed: it compares the times of the files that it read last
        time, and would not see a new file of an include pattern."""
        with contextlib.suppress(OSError):  # an old figure in a cached view is no reason to doubt a posting
            os.utime(self.accounts)

    def missing_lines(self) -> list[str]:
        """The include lines that main.beancount no longer has. Raises OSError."""
        lines = {" ".join(line.split()) for line in self.main.read_text("utf-8", errors="replace").splitlines()}
        wanted = (f'include "{ACCOUNTS_FILE}"', f'include "{ENTRIES_PATTERN}"')
        return [line for line in wanted if line not in lines]
