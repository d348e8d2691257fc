"""A dealership with a September to close, and ways to change what is in a pack."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeline_support import Dealership, financed, sale, void

from dealbooks.closing.statement import content_hash
from dealbooks.ledger import Record
from dealbooks.pack import close_with_pack
from dealbooks.pack.files import said_by
from dealbooks.pipeline.certificate import certificate_text, json_text
from dealbooks.pipeline.close import CloseResult, close

BOOK, PERIOD = "northgate", "2026-09"
SCRIPT = "<script>document.title='taken'</script>"
FORMULA = '=HYPERLINK("http://evil.example","pay")'


def dealership(folder: Path) -> Dealership:
    """Four sales: one to a customer named like a script, one like a formula, one financed, one taken back."""
    made = Dealership(folder, f"sqlite:///{folder / 'store.db'}")
    made.sales(12, sale(1, customer_name=SCRIPT), sale(2, customer_name=FORMULA), financed(3), sale(4))
    made.sync()
    made.sales(21, void(4))
    made.sync()
    assert {number: row["state"] for number, row in made.deals().items()} == {
        "N-1": "posted", "N-2": "posted", "N-3": "posted", "N-4": "unwound",
    }  # fmt: skip
    return made


def signed(made: Dealership) -> CloseResult:
    """September, closed with everything that can be accepted accepted."""
    with made.open() as house:
        usual = sorted({one.code for one in close(house, BOOK, PERIOD).obstacles if one.acceptable})
        return close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="seen and agreed", accept=usual)


def remade(folder: Path) -> None:
    """Write the manifest and the certificate anew over whatever now lies in a pack, as a forger would."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    certificate = json.loads((folder / "certificate.json").read_text("utf-8"))
    contents = {name: sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    if "statement" in certificate:
        certificate["statement"]["pack_sha256"] = content_hash(contents)
    (folder / "certificate.txt").write_text(certificate_text(certificate, manifest["format"]), "utf-8")
    manifest["certificate_says"] = said_by(certificate)
    for name, about in manifest["files"].items():
        content = (folder / name).read_bytes()
        about |= {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
    (folder / "manifest.json").write_text(json_text(manifest), "utf-8")
    certificate["manifest_sha256"] = sha256((folder / "manifest.json").read_bytes()).hexdigest()
    (folder / "certificate.json").write_text(json_text(certificate), "utf-8")


class OverAnApi:
    """The same ledger as one over the internet lists it: accounts by number and name, and no files of its own."""

    def __init__(self, ledger: Any, names: dict[str, str]) -> None:
        self._ledger = ledger
        self._names = names
        self.capabilities = ledger.capabilities

    def records(self, first: date, last: date) -> Iterable[Record]:
        """Every record, its accounts renamed."""
        for record in self._ledger.records(first, last):
            lines = tuple(replace(line, account=self._names.get(line.account, line.account)) for line in record.lines)
            yield replace(record, lines=lines)

    def problems(self) -> list[str]:
        """None."""
        return []

    def lock_date(self) -> date | None:
        """None."""
        return None
