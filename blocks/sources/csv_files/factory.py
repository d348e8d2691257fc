"""From the settings in dealbooks.yaml to a drop folder. The registry names this function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from blocks.sources.csv_files.source import CsvFiles, CsvFilesSettings
from dealbooks.errors import ConfigError

_FILES = ("known_hosts", "client_keys")  # of storage, for SFTP


def build(name: str, settings: Mapping[str, Any], folder: Path | None = None) -> CsvFiles:
    """The source `name`. A relative path, and that of a layout of the dealership's own, starts at `folder`.

    Raises:
        ConfigError: a setting is missing, not known, or does not fit.
    """
    known = {one.name for one in fields(CsvFilesSettings)}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ConfigError(
            f"sources.{name} has a setting that a drop folder does not know: {', '.join(unknown)}.",
            fix=f"The settings are: {', '.join(sorted(known))}.",
        )
    if not settings.get("path"):
        raise ConfigError(
            f"sources.{name} does not say which folder to look into.", fix="Add a path, such as: path: var/inbox"
        )
    start = folder or Path()
    own = dict(settings) | {"path": _place(str(settings["path"]), start)}
    own["storage"] = _storage(name, settings.get("storage") or {}, start)
    if "layouts" in own:
        own["layouts"] = [_layout(str(layout), start) for layout in own["layouts"]]
    return CsvFiles(name, CsvFilesSettings(**own))


def _storage(name: str, options: Mapping[str, Any], start: Path) -> dict[str, Any]:
    """What goes to the library that reaches the folder, with files of keys in their places."""
    blank = [option for option, value in options.items() if isinstance(value, str) and not value.strip()]
    if blank:
        raise ConfigError(
            f"sources.{name}.storage: {' and '.join(blank)} is blank.",
            fix="Set the environment variable that it is taken from, or leave the line out.",
        )
    return {option: _keys(value, start) if option in _FILES else value for option, value in options.items()}


def _keys(value: Any, start: Path) -> Any:
    if isinstance(value, list):
        return [_keys(one, start) for one in value]
    return str(start / Path(value).expanduser()) if isinstance(value, str) else value


def _place(path: str, start: Path) -> str:
    return path if "://" in path else str(start / Path(path).expanduser())


def _layout(name: str, start: Path) -> str:
    return str(start / name) if name.endswith((".yaml", ".yml")) else name
