"""From the settings in dealbooks.yaml to a reader of DocuSign's contracts. The registry names this function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from blocks.settings import checked, needed
from blocks.signatures.docusign.grant import DocuSignClient, Session
from blocks.signatures.docusign.reader import DocuSignatures
from blocks.signatures.docusign.settings import DocuSignSettings
from dealbooks.http import Budget, Connection, Limit, Pace, RealPace

_ADDRESSES = ("base_url", "account_url")


def build(name: str, settings: Mapping[str, Any]) -> DocuSignatures:
    """The reader; `settings` are those of `DocuSignSettings`. Raises ConfigError."""
    return connect(name, checked(DocuSignSettings, f"signatures.{name}", settings, _ADDRESSES), RealPace())


def connect(
    name: str, settings: DocuSignSettings, pace: Pace, *, transport: httpx.BaseTransport | None = None
) -> DocuSignatures:
    """The reader; `transport` and `pace` stand in for the network and the time. Raises ConfigError."""
    account, app, user, key = needed(
        f"signatures.{name}", settings, "account_id", "client_id", "user_id", "private_key",
        fix="DocuSign shows all of them under Apps and Keys.", variable="DOCUSIGN_PRIVATE_KEY",
    )  # fmt: skip
    where = settings.account_url.rstrip("/")
    session = Session(
        DocuSignClient(
            name, app, "", f"{where}/oauth/token", auth_method="none", transport=transport, account_url=where,
            user_id=user, private_key=key,
        ),
        pace.now,
    )  # fmt: skip
    address = settings.base_url.rstrip("/")
    client = httpx.Client(
        base_url=address, timeout=httpx.Timeout(settings.timeout, connect=20.0), transport=transport
    )  # fmt: skip
    budget = Budget([Limit("hour", settings.calls_per_hour, 3600.0)], concurrent=2, pace=pace)
    connection = Connection(
        name, client, budget, pace, authorise=session.headers, secrets=session.secrets
    )  # fmt: skip
    return DocuSignatures(connection, session, account, (address, where), live=settings.is_live)
