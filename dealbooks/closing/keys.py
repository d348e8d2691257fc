"""Personal signing keys: Ed25519 (RFC 8032), through the `cryptography` library.

A private key is a PEM file that only its owner can read. The public half is one line of text, `ed25519:` and the 32
bytes in base64: it stands under `signers:` in dealbooks.yaml, and in every certificate that the key has signed.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from dealbooks.errors import UsageError

_FORM = "ed25519:"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LONGEST = 64 * 1024  # bytes of a key's file


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key in memory. It is never shown."""

    _key: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """Its public half, as text."""
        return _FORM + base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, content: bytes) -> str:
        """The signature of a content, in base64."""
        return base64.b64encode(self._key.sign(content)).decode()

    def __repr__(self) -> str:
        return f"SigningKey({self.public})"


def new_key(file: Path) -> SigningKey:
    """Make a key, and keep its private half in a new file that only its owner can read.

    Raises:
        UsageError: the file is there already, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise UsageError(
            f"{file} is there already.", fix="Name another file: a key that was lost cannot be made again."
        ) from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.", fix="Name another place.") from error
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        file.unlink(missing_ok=True)  # half a key is none
        raise UsageError(f"{file} cannot be written: {error.strerror}.", fix="Make room on the disk.") from error
    return SigningKey(key)


def read_key(file: Path) -> SigningKey:
    """A private key from its file.

    Raises:
        UsageError: the file cannot be read, others can read it, or it holds no such key.
    """
    try:
        key = load_pem_private_key(_own_file(file), password=None)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.", fix="Name the file of your key.") from error
    except TypeError as error:  # the library's own way to say that a password is wanted
        raise UsageError(
            f"{file} is locked with a password, which is not asked for here.",
            fix="Take the password off (openssl pkey -in FILE -out OTHER), keep the file to yourself, and name it.",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{file} holds no signing key.", fix="'dealbooks keys new NAME' makes one.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{file} holds a key of another kind.", fix="'dealbooks keys new NAME' makes one that signs.")
    return SigningKey(key)


def _own_file(file: Path) -> bytes:
    """What is in a file that only its owner can read. Raises OSError, UsageError."""
    handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # a pipe is not waited for
    with os.fdopen(handle, "rb") as source:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise UsageError(f"{file} is no file.", fix="Name the file of your key.")
        if mode & _OTHERS:
            raise UsageError(
                f"Others can read {file}: a signing key belongs to one person.", fix=f"chmod 600 {file}, then sign."
            )
        return source.read(_LONGEST)


def read_public(file: Path) -> str:
    """A public key from a file that holds its line.

    Raises:
        UsageError: the file cannot be read, or holds something else.
    """
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read.", fix="Name the file with the public key.") from error
    if not is_public(text):
        raise UsageError(f"{file} holds no public key.", fix=f"It is one line: {_FORM} and 44 characters.")
    return text


def is_public(text: str) -> bool:
    """Whether a text is a public key."""
    return _public(text) is not None


def holds(public: str, content: bytes, signature: str) -> bool:
    """Whether a signature of a content was made with the private half of a key."""
    key = _public(public)
    if key is None:
        return False
    try:
        key.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _public(text: str) -> Ed25519PublicKey | None:
    if not text.startswith(_FORM):
        return None
    written = text.removeprefix(_FORM)
    try:
        content = base64.b64decode(written, validate=True)
        if base64.b64encode(content).decode() != written:  # one key has one text: two people have two
            return None
        return Ed25519PublicKey.from_public_bytes(content)
    except (ValueError, binascii.Error):
        return None
