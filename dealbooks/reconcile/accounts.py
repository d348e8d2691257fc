"""Which account of the ledger plays which role. Pure.

The chart names accounts by number and name; a ledger shows them in its own writing (`Income:4010-Used-vehicle-sales`,
`4010 Used vehicle sales`). Both come to one label here, so that they can be compared. An account that the chart does
not know keeps the ledger's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dealbooks.book import Account, Chart
from dealbooks.ledger import RecordLine

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
OPENING_ROLE = "equity.opening_balances"
OPENING_LABEL = "Opening balances"  # of that role's account, where the chart names none
_OPENING_NAME = re.compile(r"(^|[:\s])opening-?\s?balances?", re.IGNORECASE)


def _plain(text: str) -> str:
    return _NOT_PLAIN.sub("-", text).strip("-").lower()


class AccountMap:
    """The accounts of a chart, as the ledger writes them.

    `names` are the ledger's own account names by role, where it can tell them; the rest is recognised by its number.
    """

    def __init__(self, chart: Chart | None = None, names: Mapping[str, str] | None = None) -> None:
        self._labels: dict[str, str] = {}
        self._roles: dict[str, list[str]] = {}
        self._starts: list[tuple[str, str]] = []
        self._found: dict[str, str] = {}
        numbered: dict[str, str] = {}  # one account may be called otherwise for each of its roles (VAT in and out)
        for role in sorted(chart.roles) if chart is not None else ():
            account = chart.roles[role]  # type: ignore[union-attr]
            label = numbered.setdefault(account.number, _label(account)) if account.number else _label(account)
            self._labels[role] = label
            self._roles.setdefault(label, []).append(role)
            if account.number and (start := _plain(account.number), label) not in self._starts:
                self._starts.append((start, label))
        self._starts.sort(key=lambda pair: (-len(pair[0]), pair))
        for role, name in sorted((names or {}).items()):
            if role in self._labels:
                self._found[name] = self._labels[role]

    def of_role(self, role: str) -> str:
        """The label of the account that plays a role; the role itself where the chart does not know it."""
        return self._labels.get(role, OPENING_LABEL if role == OPENING_ROLE and self._labels else role)

    def of_line(self, line: RecordLine) -> str:
        """The label of the account that a ledger's line stands on; the ledger's own name when it is not mapped."""
        known = self._found.get(line.account)
        if known is None:
            known = self._resolve(line)
            if self._labels:  # without a chart the role on the line decides, and differs from line to line
                self._found[line.account] = known
        return known

    def _resolve(self, line: RecordLine) -> str:
        if not self._labels:
            return line.dimensions.get("role") or line.account
        if line.account in self._roles:
            return line.account
        leaf = _plain(line.account.rpartition(":")[2])
        for start, label in self._starts:
            if leaf == start or leaf.startswith(f"{start}-"):
                return label
        if OPENING_ROLE not in self._labels and _OPENING_NAME.search(line.account):
            return OPENING_LABEL
        return line.account

    def role_of(self, line: RecordLine) -> str:
        """The role that a ledger's line plays: the one written on it where its account agrees, else the account's.
        Empty for an account that is not mapped."""
        label = self.of_line(line)
        said = line.dimensions.get("role", "")
        if said and self.of_role(said) == label:
            return said
        roles = self._roles.get(label, [])
        if roles:
            return roles[0]
        return OPENING_ROLE if label in (OPENING_ROLE, OPENING_LABEL) or _OPENING_NAME.search(line.account) else ""

    def is_mapped(self, label: str) -> bool:
        """Whether an account of the chart has this label."""
        return label in self._roles or label == OPENING_LABEL if self._labels else "." in label

    def plays(self, label: str, *roles: str) -> bool:
        """Whether an account plays one of some roles; a name that ends in `*` stands for all that begin so."""
        own = self._roles.get(label, ()) if self._labels else (label,)
        return any(one.startswith(role[:-1]) if role.endswith("*") else one == role for one in own for role in roles)

    def roles(self, label: str) -> tuple[str, ...]:
        """All roles that an account plays."""
        return tuple(self._roles.get(label, ()))


def _label(account: Account) -> str:
    return " ".join(part for part in (account.number, account.name) if part)
