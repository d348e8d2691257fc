"""`dealbooks demo`: a quarter of two dealer groups through the real flows, then a summary that can be checked."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from dealbooks.config import load_config
from dealbooks.errors import UsageError
from dealbooks.house import House

_HOME = "prefect"


def run_demo(folder: Path) -> int:
    """Run the demo in a folder; 0 when everything came out as it must. A second run in the same folder posts nothing.

    Raises:
        UsageError: the folder holds the demo of another version.

    The flows run against a Prefect of the demo's own, whose home is in the folder: `dealbooks up` shows these runs.
    """
    _refuse_another_version(folder)
    home = (folder / _HOME).absolute()
    home.mkdir(parents=True, exist_ok=True)
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    os.environ.update(
        {
            "PREFECT_HOME": str(home),
            "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
            "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
            "DO_NOT_TRACK": "1",
            "GX_ANALYTICS_ENABLED": "false",
            "TQDM_DISABLE": "1",
        }
    )
    return int(import_module("flows.demo.run").run(folder))


def _refuse_another_version(folder: Path) -> None:
    config = folder.absolute() / "dealbooks.yaml"
    if not config.exists():
        return
    try:
        with House.open(load_config(config), actor="demo"):
            return
    except UsageError as error:
        raise UsageError(
            f"{folder} holds a demo that this version cannot go on with. {error.message}",
            fix=f"Remove the folder {folder} (nothing in it is anybody's own work), then run the demo again.",
        ) from error
