"""What answers of Google's APIs mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealbooks.errors import StopConnection
from dealbooks.http import Reply

_OK = 200
_FIXES = {
    400: "A tab or a named range was probably renamed: correct tab, lines_tab or standing_range in the settings.",
    403: "Share the spreadsheet with the service account's e-mail address (Viewer to read, Editor to write standings), "
    "and enable the Google Sheets API in its project.",
    404: "Correct spreadsheet in the settings: it is what stands in the address behind /d/.",
}


def answer(reply: Reply, name: str, what: str) -> Any:
    """The body of an answer that went well.

    Raises:
        StopConnection: Google refused.
    """
    body = reply.json()
    if reply.status == _OK and isinstance(body, Mapping):
        return body
    raise StopConnection(
        f"{name}: Google refuses to {what} (HTTP {reply.status}). {message(body)}".strip(),
        fix=_FIXES.get(reply.status, "Nothing is lost; it is tried again by the next run."),
    )


def message(body: Any) -> str:
    """What an error says."""
    error = body.get("error") if isinstance(body, Mapping) else None
    text = error.get("message") if isinstance(error, Mapping) else ""
    return " ".join(str(text or "").split())[:300]
