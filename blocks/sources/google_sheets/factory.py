"""From the settings in dealbooks.yaml to a source that is a spreadsheet. The registry names this function."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import httpx

from blocks.settings import checked
from blocks.sources.google_sheets.grant import ServiceAccount, Session
from blocks.sources.google_sheets.settings import GoogleSheetsSettings
from blocks.sources.google_sheets.source import GoogleSheet
from dealbooks.errors import ConfigError
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace, Reply
from dealbooks.registry import Services

_SCOPE = "https://www.googleapis.com/auth/"
_TOO_MANY = 429


def build(
    name: str,
    settings: Mapping[str, Any],
    folder: Path | None = None,
    services: Services | None = None,
    fields: Collection[str] = (),
) -> GoogleSheet:
    """The source; `settings` are those of `GoogleSheetsSettings`, `fields` the paths that its map reads.

    Raises:
        ConfigError: a setting is missing or not known, or there is no key.
    """
    return connect(name, settings_of(name, settings), RealPace(), fields, folder=folder)


def settings_of(name: str, settings: Mapping[str, Any]) -> GoogleSheetsSettings:
    """The settings, checked. Raises ConfigError."""
    return checked(GoogleSheetsSettings, f"sources.{name}", settings, ("token_url", "sheets_url", "drive_url"))


def connect(
    name: str,
    settings: GoogleSheetsSettings,
    pace: Pace,
    fields: Collection[str],
    *,
    folder: Path | None = None,
    transport: httpx.BaseTransport | None = None,
) -> GoogleSheet:
    """The source; `transport` and `pace` stand in for the network and the time.

    Raises:
        ConfigError: there is no key.
    """
    session = Session(account_of(name, settings, folder, transport), pace.now)

    def listen(reply: Reply, budget: Budget) -> None:
        if reply.status == _TOO_MANY:  # Google does not say for how long; what is spent comes back within the minute
            budget.stop(settings.pause)

    connection = Connection(
        name,
        httpx.Client(timeout=httpx.Timeout(settings.timeout, connect=20.0), transport=transport),
        Budget([Limit("minute", settings.calls_per_minute, 60.0)], concurrent=1, pace=pace),
        pace,
        authorise=session.headers,
        listen=listen,
        secrets=session.secrets,
    )
    return GoogleSheet(connection, settings, session, frozenset(fields))


def account_of(
    name: str, settings: GoogleSheetsSettings, folder: Path | None = None, transport: httpx.BaseTransport | None = None
) -> ServiceAccount:
    """The service account.

    Raises:
        ConfigError: there is no key, or no e-mail address with it.
    """
    given = settings.private_key.get_secret_value()
    if not given.strip() and settings.key_file.strip():
        given = _file(name, (folder or Path()) / settings.key_file)
    key = _parsed(name, given) if given.lstrip().startswith("{") else {"private_key": given}
    email = settings.client_email or key.get("client_email", "")
    if not (key.get("private_key", "").strip() and email):
        raise ConfigError(
            f"sources.{name} needs the key of a service account.",
            fix="Name the JSON file that Google gave under key_file, or put its text into an environment variable and "
            "write private_key: ${GOOGLE_SHEETS_PRIVATE_KEY}, or use the Prefect block.",
        )
    return ServiceAccount(
        name,
        email,
        "",
        settings.token_url,
        scope=_scope(settings),
        auth_method="none",
        transport=transport,
        private_key=key["private_key"],
        key_id=key.get("private_key_id", ""),
    )


def _scope(settings: GoogleSheetsSettings) -> str:
    """No more than is needed."""
    scopes = ["spreadsheets" if settings.standing_range else "spreadsheets.readonly"]
    if settings.drive:
        scopes.append("drive.metadata.readonly")
    return " ".join(_SCOPE + one for one in scopes)


def _file(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"sources.{name}: the key file {path.name} cannot be read: {error.strerror}.", fix="Correct key_file."
        ) from error


def _parsed(name: str, text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ConfigError(
            f"sources.{name}: the key of the service account is not the JSON file that Google gave.",
            fix="Give the whole file.",
        )
    return {one: value for one, value in found.items() if isinstance(value, str)}
