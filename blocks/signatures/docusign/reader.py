"""DocuSign: envelopes.

Sources: docusign/OpenAPI-Specifications, eSignature v2.1 (envelope, its custom fields and recipients, states);
developers.docusign.com, "User info endpoint" (accounts and their base_uri). An envelope does not say whether it is of
the test mode: the address does. ENVELOPE_DOES_NOT_EXIST and the codes of refusals are [recalled].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from blocks.signatures.docusign.grant import Session
from blocks.signatures.reader import ODD, ApiSignatures, listed, moment, reference, words
from dealbooks.errors import StopConnection
from dealbooks.http import Connection
from dealbooks.signatures import Signature, UnreadableSignature

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LOST: Mapping[str, str] = {
    "declined": "a signer declined it", "voided": "it was voided", "deleted": "it was deleted",
    "timedout": "it expired before all had signed",
}  # fmt: skip
_WHO_SIGN = ("signers", "inPersonSigners")
_FIELDS = ("textCustomFields", "listCustomFields")


class DocuSignatures(ApiSignatures):
    """Reads envelopes of one account."""

    provider = "DocuSign"
    absent = frozenset(("ENVELOPE_DOES_NOT_EXIST", "ENVELOPE_NOT_FOUND", "INVALID_ENVELOPE_ID"))
    refusals: Mapping[str | int, str] = {
        "USER_LACKS_MEMBERSHIP": "Correct account_id, or user_id: the user is not in that account.",
        "ACCOUNT_DOES_NOT_EXIST": "Correct account_id.",
        "PARTNER_AUTHENTICATION_FAILED": "Correct client_id, and base_url: dealbooks doctor says which it is.",
        "USER_LACKS_PERMISSIONS": "Give that user the right to see all envelopes of the account.",
        401: "Check client_id, user_id and private_key in the settings of the connection.",
    }

    def __init__(
        self, connection: Connection, session: Session, account: str, addresses: tuple[str, str], *, live: bool
    ) -> None:
        """`addresses`: of the API, and where tokens are given."""
        super().__init__(connection, session.renew)
        self._account = account
        self._address, self._account_url = addresses
        self._live = live

    def signature(self, contract_id: str) -> Signature | None:
        """See `SignatureReader`."""
        if not _ID.fullmatch(contract_id):
            return None
        what = f"read envelope {contract_id}"
        path = f"/restapi/v2.1/accounts/{self._account}/envelopes/{contract_id}"
        about = self._read(path, what, {"include": "custom_fields,recipients"})
        if about is None:
            return None
        try:
            if str(about["envelopeId"]).lower() != contract_id.lower():
                raise ValueError("another envelope than was asked for")
            return _signature(about, live=self._live)
        except ODD as error:
            raise self._unreadable(what) from error

    def problems(self) -> list[str]:
        """Asks which accounts our user is in, and where they are kept."""
        try:
            found = self._read(f"{self._account_url}/oauth/userinfo", "say who our user is") or {}
            accounts = {str(one.get("account_id")): one for one in listed(found.get("accounts"))}
        except (StopConnection, UnreadableSignature) as error:
            return [error.words]
        except TypeError:
            return [self._unreadable("say who our user is").words]
        mine = accounts.get(self._account)
        if mine is None:
            return [f"{self._connection.name}: the user is not in the account {self._account}. Correct account_id."]
        given = str(mine.get("base_uri") or "").rstrip("/")
        if given and given != self._address:
            return [f"{self._connection.name}: the account is kept elsewhere. Write base_url: {given}"]
        return []

    def _code(self, body: Mapping[str, Any]) -> str:
        return str(body.get("errorCode") or body.get("error") or "")


def _signature(about: Mapping[str, Any], *, live: bool) -> Signature:
    status = about["status"]
    if not isinstance(status, str):
        raise TypeError("it does not say its state")
    status = status.lower()
    custom, recipients = about.get("customFields") or {}, about.get("recipients") or {}
    fields = {str(one.get("name")): one.get("value") for kind in _FIELDS for one in listed(custom.get(kind))}
    ref = reference(fields.pop("deal_ref", None))
    said: dict[str, Any] = {
        "id": str(about["envelopeId"]), "live": live, "deal_ref": ref,
        "text": words(about.get("emailSubject"), *fields.values()),
    }  # fmt: skip
    if status in _LOST:
        return Signature(**said, state="lost", why=_LOST[status])
    if status != "completed":
        return Signature(**said, state="pending")
    signed = [one for kind in _WHO_SIGN for one in listed(recipients.get(kind)) if one.get("signedDateTime")]
    if not signed:
        return Signature(**said, state="lost", why="it was completed without a signature")
    return Signature(**said, state="signed", completed=moment(about["completedDateTime"]), signers=len(signed))
