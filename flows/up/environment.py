"""The settings of the processes that `dealbooks up` starts, all in their environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

# What a person may have set for another Prefect of theirs, and must not reach ours.
_NOT_OURS = (
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_PROFILE",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_API_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_API_BASE_PATH",
    "PREFECT_UI_SERVE_BASE",
    "PREFECT_SERVER_UI_SERVE_BASE",
)


def api_url(host: str, port: int) -> str:
    """Where the server's API answers."""
    return f"{ui_url(host, port)}/api"


def ui_url(host: str, port: int) -> str:
    """Where a browser finds the UI."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def child_environment(base: Mapping[str, str], *, host: str, port: int, home: Path) -> dict[str, str]:
    """The environment of the server and of what runs the flows.

    The UI asks the address that it was loaded from (`/api`), so that any port works. Polling every 2 seconds instead
    of 10 is the larger part of how soon a run starts. Nothing reports home.
    """
    kept = {name: value for name, value in base.items() if name not in _NOT_OURS}
    return kept | {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_API_URL": api_url(host, port),
        "PREFECT_SERVER_API_HOST": host,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_UI_API_URL": "/api",
        "PREFECT_UI_URL": ui_url(host, port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "TQDM_DISABLE": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_RUNNER_POLL_FREQUENCY": "2",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_CLI_PROMPT": "false",
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
        "NO_COLOR": "1",
    }


def gateway_environment(base: Mapping[str, str], config: Path) -> dict[str, str]:
    """The environment of the gateway, which knows nothing of Prefect."""
    kept = {name: value for name, value in base.items() if not name.startswith("PREFECT_")}
    return kept | {"DEALBOOKS_CONFIG": str(config), "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1", "NO_COLOR": "1"}
