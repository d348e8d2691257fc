"""Adobe Acrobat Sign v6: agreements.

An agreement says what state it is in, not when it was signed: that is asked for among its events.

Sources: developer.adobe.com/acrobat-sign, "API Agreement Statuses" (which states are an end) and "API Best Practices"
(baseUris, INVALID_API_ACCESS_POINT); the Acrobat Sign SDKs, docs of AgreementInfo and AgreementEvent (names of fields,
roles and kinds of events) and SdkErrorCodes (codes of errors and their statuses). That an agreement of another account
is answered like one that there is not, or by PERMISSION_DENIED, is [recalled].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from blocks.signatures.reader import ODD, ApiSignatures, listed, moment, reference, words
from dealbooks.errors import StopConnection
from dealbooks.http import Connection
from dealbooks.signatures import Signature, UnreadableSignature

_PATH = "/api/rest/v6"
_ID = re.compile(r"[A-Za-z0-9_*-]{8,255}")
_SIGNED = "SIGNED"
_LOST: Mapping[str, str] = {
    "ABORTED": "it was cancelled, or a signer declined it", "CANCELLED": "it was cancelled, or a signer declined it",
    "EXPIRED": "it expired before all had signed", "ARCHIVED": "it was only stored there, and not sent for signature",
    "APPROVED": "it was approved, and nobody had to sign it", "ACCEPTED": "it was accepted, and nobody had to sign it",
    "DELIVERED": "it was delivered, and nobody had to sign it",
    "FORM_FILLED": "it was filled in, and nobody had to sign it",
}  # fmt: skip
# Kinds of events by which a participant has done their part; of an agreement that was signed on paper too.
_DONE = re.compile(r"ACTION_COMPLETED(_[A-Z_]+)?|SIGNED|ESIGNED|DIGSIGNED|PRESIGNED|WRITTEN_SIGNED|UPLOADED_BY_SENDER")
_SIGNERS = ("SIGNER", "DELEGATE_TO_SIGNER")


class AdobeSignatures(ApiSignatures):
    """Reads agreements that one key may read."""

    provider = "Adobe Sign"
    absent = frozenset(("INVALID_AGREEMENT_ID",))
    refusals: Mapping[str | int, str] = {
        "INVALID_ACCESS_TOKEN": "Make a new integration key, and write it into token.",
        "NO_ACCESS_TOKEN_HEADER": "Make a new integration key, and write it into token.",
        "INVALID_API_ACCESS_POINT": "Correct base_url: dealbooks doctor says which it is.",
        "INVALID_SCOPE": "Give the integration key the scope agreement_read.",
        401: "Make a new integration key, and write it into token.",
    }

    def __init__(self, connection: Connection, address: str) -> None:
        super().__init__(connection)
        self._address = address

    def signature(self, contract_id: str) -> Signature | None:
        """See `SignatureReader`."""
        if not _ID.fullmatch(contract_id):
            return None
        what = f"read agreement {contract_id}"
        about = self._read(f"{_PATH}/agreements/{contract_id}", what)
        if about is None:
            return None
        try:
            if about["id"] != contract_id:
                raise ValueError("another agreement than was asked for")
            signed: dict[str, datetime] = {}
            if about["status"] == _SIGNED:
                told = self._read(f"{_PATH}/agreements/{contract_id}/events", f"read events of agreement {contract_id}")
                if told is None:
                    return None
                signed = _signed(listed(told["events"]))
            return _signature(about, signed)
        except ODD as error:
            raise self._unreadable(what) from error

    def problems(self) -> list[str]:
        """Asks where the account is kept, and whether agreements may be read."""
        try:
            found = self._read(f"{_PATH}/baseUris", "say where the account is kept") or {}
            given = str(found.get("apiAccessPoint") or "").rstrip("/")
            if given and given != self._address:
                return [f"{self._connection.name}: the account is kept elsewhere. Write base_url: {given}"]
            self._read(f"{_PATH}/agreements", "list agreements", {"pageSize": "1"})
        except (StopConnection, UnreadableSignature) as error:
            return [error.words]
        return []

    def _code(self, body: Mapping[str, Any]) -> str:
        return str(body.get("code") or "")


def _signed(events: Iterable[Mapping[str, Any]]) -> dict[str, datetime]:
    """Who signed -> when."""
    return {
        str(one.get("participantEmail")): moment(one["date"])
        for one in events
        if _DONE.fullmatch(str(one.get("type"))) and one.get("participantRole", _SIGNERS[0]) in _SIGNERS
    }


def _signature(about: Mapping[str, Any], signed: Mapping[str, datetime]) -> Signature:
    status = about["status"]
    if not isinstance(status, str):
        raise TypeError("it does not say its state")
    said: dict[str, Any] = {
        "id": about["id"], "live": True, "deal_ref": reference((about.get("externalId") or {}).get("id")),
        "text": words(about.get("name"), about.get("message")),
    }  # fmt: skip
    if status in _LOST:
        return Signature(**said, state="lost", why=_LOST[status])
    if status != _SIGNED:
        return Signature(**said, state="pending")
    return Signature(**said, state="signed", completed=max(signed.values()), signers=len(signed))
