"""Beancount's own programs, run as separate processes: bean-check judges the ledger, bean-query lists it.

They are optional (`pip install dealbooks[ledger]`): posting needs none of them.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from blocks.ledgers.beancount.syntax import flatten
from dealbooks.errors import StopConnection

CHECK = "bean-check"
QUERY = "bean-query"

_TIMEOUT = 1800.0  # seconds; 100,000 transactions take about 40
_KEPT_ENVIRONMENT = ("PATH", "HOME", "PYTHONPATH", "TMPDIR", "LANG", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that bean-check says: where, and in plain words what."""

    file: str
    line: int
    text: str


def find_program(name: str) -> Path | None:
    """Where a program is: beside the Python that runs us, or on the PATH; None when it is not installed."""
    beside = Path(sys.executable).parent / name
    if beside.is_file() and os.access(beside, os.X_OK):
        return beside
    found = shutil.which(name)
    return Path(found) if found else None


def _program(name: str) -> str:
    path = find_program(name)
    if path is None:
        raise StopConnection(
            f"The program {name}, which reads the Beancount ledger, is not installed.",
            fix="Install it with: pip install 'dealbooks[ledger]'",
        )
    return str(path)


def _environment() -> dict[str, str]:
    """Only what the programs need: plugins named in a ledger are code, and get no secrets of ours. The load cache is
    off: it does not notice a new file of an include pattern, and it is a pickle."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {"PYTHONUTF8": "1", "BEANCOUNT_DISABLE_LOAD_CACHE": "1"}


def check(main: Path, timeout: float = _TIMEOUT) -> list[Complaint]:
    """What bean-check finds wrong with a ledger; empty when all is well. Raises StopConnection when it cannot run."""
    command = [_program(CHECK), "--json", str(main)]
    try:
        done = subprocess.run(command, capture_output=True, env=_environment(), timeout=timeout, check=False)
        errors = json.loads(done.stdout)["errors"]
        return [Complaint(item["filename"] or "", item["lineno"] or 0, _plain(item["message"])) for item in errors]
    except subprocess.TimeoutExpired as error:
        raise StopConnection(
            f"bean-check did not finish within {timeout:.0f} seconds.", fix="Run bean-check by hand on main.beancount."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StopConnection(
            f"bean-check could not judge the ledger in {main.parent}.",
            fix="Run bean-check by hand on main.beancount, and check that the versions of its packages are ours.",
        ) from error


def _started(command: list[str], complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, env=_environment())


def query(main: Path, text: str) -> Iterator[list[str]]:
    """The rows that bean-query gives, without the heading, as they come. Raises StopConnection when it fails."""
    command = [_program(QUERY), "-q", "-f", "csv", str(main), text]
    failed = StopConnection(
        f"bean-query could not list the ledger in {main.parent}.",
        fix="Run bean-check by hand on main.beancount, mend what it names, then try again.",
    )
    with tempfile.TemporaryFile() as complaints:
        try:
            process = _started(command, complaints)
        except OSError as error:
            raise failed from error
        try:
            assert process.stdout is not None
            with io.TextIOWrapper(process.stdout, encoding="utf-8", newline="") as output:
                rows = csv.reader(output)
                next(rows, None)
                yield from rows
            if process.wait() != 0:
                complaints.seek(0)
                failed.message += f" It said: {flatten(complaints.read(2000).decode('utf-8', 'replace'), 300)}"
                raise failed
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"Invalid reference to unknown account '(?P<account>[^']+)'"),
        "the account {account} is used but was never opened",
    ),
    (
        re.compile(r"Invalid reference to inactive account '(?P<account>[^']+)'"),
        "the account {account} is used on a day when it is not open",
    ),
    (
        re.compile(r"Transaction does not balance: \((?P<amount>.+)\)"),
        "debits and credits differ by {amount}",
    ),
    (
        re.compile(r"Balance failed for '(?P<account>[^']+)': expected (?P<said>.+) != accumulated (?P<real>.+) \("),
        "the balance of {account} is stated as {said}, but the entries add up to {real}",
    ),
    (re.compile(r"Duplicate open directive for (?P<account>\S+)"), "the account {account} is opened twice"),
    (
        re.compile(r"Non-leaf account '(?P<account>[^']+)' has postings"),
        "there are amounts on {account}, which has accounts below it: book them on one of those",
    ),
    (
        re.compile(r"(syntax error|Invalid token)(: (?P<token>.*))?", re.IGNORECASE),
        "the text cannot be read here ({token})",
    ),
    (re.compile(r"File glob '(?P<glob>.+)' does not match"), "no file of the ledger is where {glob} says"),
    (re.compile(r"File \"(?P<name>.+)\" does not exist"), "the file {name} is missing"),
)
_FILE_IN_REPR = re.compile(r"'filename': '([^']+)', 'lineno': (\d+)")


def _plain(message: str) -> str:
    """What bean-check says, in a controller's words."""
    if message.startswith("Duplicate entry"):
        places = list(dict.fromkeys(_FILE_IN_REPR.findall(message.split(") == ")[-1])))
        other = f"; the other is in {places[0][0]}, line {places[0][1]}" if places else ""
        return f"the same transaction stands in the ledger twice{other}"
    for pattern, words in _WORDS:
        match = pattern.search(message)
        if match:
            return words.format(**{name: value or "typing error" for name, value in match.groupdict().items()})
    return flatten(message, 300)
