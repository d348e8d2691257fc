"""Every way in which a place of files can fail becomes one error, without the passwords in its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dealbooks.errors import DealbooksError, StopConnection
from dealbooks.masking import masked, secrets_of


@contextmanager
def reaching(what: str, fix: str, options: Mapping[str, Any]) -> Iterator[None]:
    """Work on the place of a source. `what` begins the message, `options` are those given to fsspec.

    Raises:
        StopConnection: whatever its library raised. The libraries behind fsspec (botocore, paramiko, aiohttp, ...)
            have no error in common but Exception, and one source must not stop the others.
    """
    try:
        yield
    except DealbooksError:
        raise
    except Exception as error:
        secrets = secrets_of(options)
        told = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        shown = masked(told, secrets)
        stop = StopConnection(f"{masked(what, secrets)}: {shown}", fix=fix)
        if masked(str(error), secrets) != str(error):
            raise stop from None  # a cause is printed with the error
        raise stop from error
