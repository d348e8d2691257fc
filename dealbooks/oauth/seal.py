"""Secrets that the store keeps, encrypted (Fernet of the cryptography library): the store alone gives nothing away.

The key comes from DEALBOOKS_KEY, or from a file that only its owner may read, made when it is first needed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from dealbooks.errors import ConfigError

VARIABLE = "DEALBOOKS_KEY"
_FILE = "secret.key"


class Seal:
    """Encrypts and opens texts. Several keys, parted by commas, allow a change of key: the first one seals."""

    def __init__(self, keys: str, *, source: str) -> None:
        self._source = source
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",")])
        except ValueError as error:
            raise ConfigError(
                f"{source} does not hold a key.",
                fix="A key is 32 random bytes in URL-safe base64, as Fernet.generate_key() of cryptography makes one.",
            ) from error

    @classmethod
    def find(cls, folder: Path) -> Seal:
        """With the key of the environment, or of the file in this folder, which is made if there is none.

        Raises:
            ConfigError: what is there is no key, or others may read the file.
        """
        if given := os.environ.get(VARIABLE, "").strip():
            return cls(given, source=VARIABLE)
        path = folder / _FILE
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigError(
                    f"{path.name} may be read by others.", fix=f"Let only its owner read it: chmod 600 {path}"
                ) from None
            return cls(path.read_text(encoding="ascii"), source=path.name)
        with os.fdopen(handle, "wb") as stream:
            key = Fernet.generate_key()
            stream.write(key)
            stream.flush()
            os.fsync(stream.fileno())
        return cls(key.decode(), source=path.name)

    def sealed(self, text: str) -> str:
        """Encrypted."""
        return self._fernet.encrypt(text.encode()).decode()

    def opened(self, sealed: str) -> str:
        """In clear.

        Raises:
            ConfigError: it was sealed with another key.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise ConfigError(
                f"What the store keeps was encrypted with another key than that of {self._source}.",
                fix=f"Give {VARIABLE} the former key too (several may stand there, parted by commas), or connect anew.",
            ) from error
