"""Charts of accounts: which account of the dealership's own chart each role is posted to.

The shipped charts are suggestions, one YAML file a region; a dealership edits a copy, or overrides single roles. A
role that a region does not use (sales tax in the United Kingdom) has no account: a deal that needs it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dealbooks.book import Account, Chart
from dealbooks.errors import ConfigError
from dealbooks.yamlfile import read_yaml

__all__ = ["account_for", "load_chart", "shipped_charts"]

_HERE = Path(__file__).parent
_ACCOUNT_FIELDS = frozenset(Account.model_fields)


def shipped_charts() -> tuple[str, ...]:
    """Names of the charts that come with Dealbooks."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.yaml")))


def load_chart(name_or_path: str | Path, overrides: Mapping[str, Any] | None = None) -> Chart:
    """Read a shipped chart by its name, or a chart of the dealership's own by its path.

    Args:
        name_or_path: `us`, `uk`, `au`, `eu`, `ca`, `nz`, `jp`, `gulf`, or a path of a YAML file of the same form.
        overrides: role -> account number, or role -> {number, name, type}; what is left out stays as in the file.
            An empty value takes the role out of the chart.

    Raises:
        ConfigError: naming the file and the role, when it cannot be read or an account is not complete.
    """
    path = Path(name_or_path)
    if str(name_or_path) in shipped_charts():
        path = _HERE / f"{name_or_path}.yaml"
        chart = _shipped(path)
    elif path.suffix in (".yaml", ".yml"):
        chart = _read(path)
    else:
        raise ConfigError(
            f"There is no chart of accounts named {name_or_path}.",
            fix=f"Use one of {', '.join(shipped_charts())}, or the path of a chart file ending in .yaml.",
        )
    if not overrides:
        return chart
    roles = dict(chart.roles)
    for role, given in overrides.items():
        if role not in roles and role not in _known_roles():
            raise ConfigError(
                f"{path}: {role} is not an account role.", fix="Correct the name of the role in the overrides."
            )
        if given is None or given == "":
            roles.pop(role, None)
        else:
            roles[role] = _account(path, role, given, roles.get(role))
    return Chart(name=chart.name, roles=roles)


def account_for(chart: Chart, role: str, *, needed_by: str, book: str = "") -> Account:
    """The account of a role.

    Args:
        needed_by: the deal and line that need it, for the message.
        book: whose chart it is, so that the message names the settings to mend.

    Raises:
        ConfigError: when the chart has no account for the role.
    """
    account = chart.roles.get(role)
    if account is None:
        raise ConfigError(
            f"Chart {chart.name} has no account for {role}, which is needed by {needed_by}.",
            fix=_where_to_mend(chart, role, book),
        )
    return account


def _where_to_mend(chart: Chart, role: str, book: str) -> str:
    if not book:
        return f"Give {role} an account in the chart of the book."
    given = f"accounts: {{{role}: {{number: ..., name: ..., type: ...}}}}"
    return (
        f"Give {role} an account: in dealbooks.yaml under books: {book}: {given}, or under roles: in the file of chart "
        f"{chart.name}, which books: {book}: chart: names."
    )


@lru_cache(maxsize=32)
def _shipped(path: Path) -> Chart:
    return _read(path)


@lru_cache(maxsize=1)
def _known_roles() -> frozenset[str]:
    return frozenset(role for name in shipped_charts() for role in _shipped(_HERE / f"{name}.yaml").roles)


def _read(path: Path) -> Chart:
    data = read_yaml(path, what="Chart of accounts ")
    if not isinstance(data, dict) or not isinstance(data.get("roles"), dict):
        raise ConfigError(
            f"Chart of accounts {path} has no list of roles.",
            fix="Start from a shipped chart.",
        )
    unknown = sorted(str(key) for key in set(data) - {"name", "source", "dated", "note", "roles"})
    if unknown:
        raise ConfigError(
            f"Chart of accounts {path}: {unknown[0]} is not known here.", fix="Remove it, or put it in note."
        )
    roles = {str(role): _account(path, str(role), given, None) for role, given in data["roles"].items()}
    return Chart(name=str(data.get("name") or path.stem), roles=roles)


def _account(path: Path, role: str, given: object, was: Account | None) -> Account:
    if isinstance(given, Account):
        return given
    fields: dict[str, Any] = {} if was is None else was.model_dump()
    if isinstance(given, Mapping):
        fields |= given
    elif isinstance(given, (str, int)) and not isinstance(given, bool):
        fields["number"] = given
    else:
        raise ConfigError(
            f"{path}: the account of {role} is neither a number nor a number with name and type.",
            fix=f'Write it as {role}: {{number: "1010", name: Bank account, type: asset}}.',
        )
    if isinstance(fields.get("number"), int) and not isinstance(fields["number"], bool):
        fields["number"] = str(fields["number"])
    try:
        account = Account.model_validate(fields)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in wrong["loc"])
        raise ConfigError(
            f"{path}: the account of {role} is not complete: {field}: {wrong['msg'].lower()}.",
            fix=f"Give {role} a number, a name and a type ({', '.join(sorted(_ACCOUNT_FIELDS))}).",
        ) from error
    if not account.number.strip() or not account.name.strip():
        raise ConfigError(f"{path}: the account of {role} has an empty number or name.", fix="Fill it in.")
    return account
