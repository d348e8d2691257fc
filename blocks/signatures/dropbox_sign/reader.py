"""Dropbox Sign: signature requests.

Sources: hellosign/dropbox-sign-node, docs/model/SignatureRequestResponse.md (is_complete: executed by all signers;
test_mode: of no legal value); hellosign/dropbox-sign-python; developers.hellosign.com, "Warnings and Errors" (names of
errors and their statuses). That a request that was cancelled is answered as `deleted` is [recalled].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from blocks.signatures.reader import ODD, ApiSignatures, listed, moment, reference, words
from dealbooks.errors import StopConnection
from dealbooks.signatures import Signature, UnreadableSignature

_ID = re.compile(r"[A-Za-z0-9]{8,64}")


class DropboxSignatures(ApiSignatures):
    """Reads signature requests of one account."""

    provider = "Dropbox Sign"
    absent = frozenset(("not_found", "deleted"))
    refusals: Mapping[str | int, str] = {
        "unauthorized": "Check api_key in the settings of the connection.",
        "payment_required": "The account at Dropbox Sign needs a plan with its API.",
        401: "Check api_key in the settings of the connection.",
    }

    def signature(self, contract_id: str) -> Signature | None:
        """See `SignatureReader`."""
        if not _ID.fullmatch(contract_id):
            return None
        what = f"read signature request {contract_id}"
        body = self._read(f"/v3/signature_request/{contract_id}", what)
        if body is None:
            return None
        try:
            found = _signature(body["signature_request"])
            if found.id != contract_id:
                raise ValueError("another request than was asked for")
            return found
        except ODD as error:
            raise self._unreadable(what) from error

    def problems(self) -> list[str]:
        """Asks for the account."""
        try:
            found = self._read("/v3/account", "read the account")
        except (StopConnection, UnreadableSignature) as error:
            return [error.words]
        return [] if found is not None else ["Dropbox Sign knows no account for this key. Check api_key."]

    def _code(self, body: Mapping[str, Any]) -> str:
        error = body.get("error")
        return str(error.get("error_name") or "") if isinstance(error, dict) else ""


def _signature(about: Mapping[str, Any]) -> Signature:
    complete, declined = about["is_complete"], about.get("is_declined", False)
    if not isinstance(complete, bool) or not isinstance(declined, bool):
        raise TypeError("it does not say whether it is complete")
    parts = list(listed(about.get("signatures")))
    times = [moment(one["signed_at"]) for one in parts if one.get("status_code") == "signed"]
    metadata = about.get("metadata") or {}
    others = [value for name, value in metadata.items() if name != "deal_ref"]
    said: dict[str, Any] = {
        "id": str(about["signature_request_id"]),
        "live": about.get("test_mode") in (False, None, 0),
        "deal_ref": reference(metadata.get("deal_ref")),
        "text": words(about.get("title"), about.get("subject"), *others),
    }
    if declined:
        return Signature(**said, state="lost", why="a signer declined it")
    if not complete:
        if any(one.get("status_code") == "expired" for one in parts):
            return Signature(**said, state="lost", why="it expired before all had signed")
        return Signature(**said, state="pending")
    if not times:
        return Signature(**said, state="lost", why="it was completed without a signature")
    return Signature(**said, state="signed", completed=max(times), signers=len(times))
