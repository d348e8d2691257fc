"""The part of `dealbooks doctor` that looks for secrets which stand in dealbooks.yaml itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from dealbooks.checkup import Check
from dealbooks.config import Config
from dealbooks.yamlfile import read_yaml

# What settings that hold a secret are called, of every platform, and of what passes its settings on (`storage`).
NAMES = frozenset(("api_key", "client_secret", "passphrase", "password", "private_key", "secret", "secrets", "token"))
_SECTIONS = {"books": "book", "sources": "source", "hooks": "hook"}


def clear_secrets(config: Config) -> Iterator[Check]:
    """A warning for each secret that anybody who may read the file can read; none for what stands in a variable of the
    environment or in a Prefect block. The secret itself is not told."""
    given, file = read_yaml(config.file), config.file.name
    if _has_password(given.get("store")):
        fix = "Put the whole address into an environment variable, and write store: ${NAME}."
        yield Check("store", "warning", f"a password stands in {file} for everybody to read", fix)
    for section, named in given.items():
        for name, settings in named.items() if isinstance(named, Mapping) else ():
            for path in _clear(settings, ""):
                leaf = path.rpartition(".")[2]
                value = f"{leaf}: [${{NAME}}]" if leaf == "secrets" else f"{leaf}: ${{NAME}}"
                fix = f"Put it into an environment variable, and write {value}; or use a Prefect block."
                if section == "hooks":
                    fix = f"Put it into an environment variable, and write {value}."
                found = f"{path} stands in {file} for everybody to read"
                yield Check(f"{_SECTIONS.get(section, section)} {name}", "warning", found, fix)


def _clear(settings: Any, path: str) -> Iterator[str]:
    """Paths of settings that hold a secret in clear."""
    if not isinstance(settings, Mapping):
        return
    for name, value in settings.items():
        if name in NAMES:
            values = value if isinstance(value, list) else [value]
            if any(one not in (None, "") and "${" not in str(one) for one in values):
                yield f"{path}{name}"
        else:
            yield from _clear(value, f"{path}{name}.")


def _has_password(store: Any) -> bool:
    try:
        password = make_url(str(store or "sqlite://")).password
    except (ArgumentError, ValueError):
        return False  # it is said elsewhere that it is no address
    return bool(password) and "${" not in str(password)
