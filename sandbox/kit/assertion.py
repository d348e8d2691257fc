"""Signed assertions (RFC 7523), as the platforms that take them check them."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key


def claims_of(assertion: str, public_key: str) -> dict[str, Any]:
    """What an assertion claims, if it is signed by the holder of a key (RS256).

    Raises:
        ValueError: it is none, or is not signed so.
    """
    head, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in assertion.split("."))
    key = load_pem_public_key(public_key.encode())
    if not isinstance(key, RSAPublicKey) or json.loads(head).get("alg") != "RS256":
        raise ValueError("not RS256")
    try:
        key.verify(signature, assertion.rpartition(".")[0].encode(), PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise ValueError("not signed by the key") from error
    found: dict[str, Any] = json.loads(claims)
    return found
