"""The place of a drop folder, opened through fsspec: on this machine, at S3, at an SFTP server, or elsewhere.

Every look opens its own connection, so that one that broke is never used again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.registry import get_filesystem_class

from dealbooks.errors import StopConnection

_EXTRA = "pip install 'dealbooks[remote]'"
_SFTP, _S3 = ("sftp", "ssh"), ("s3", "s3a")
# An object is seen when the whole of it is there (csv_files.md section 4); a file on a server while it grows.
_OBJECTS = frozenset((*_S3, "gs", "gcs"))
# A server that says nothing more is noticed, and its host key must be known: sshfs by itself takes any.
_OF_SFTP: Mapping[str, Any] = {
    "known_hosts": (), "connect_timeout": 20, "login_timeout": 40, "keepalive_interval": 15, "keepalive_count_max": 3,
}  # fmt: skip
_OF_S3: Mapping[str, Any] = {"connect_timeout": 20, "read_timeout": 60, "retries": {"max_attempts": 1}}


def opened(path: str, options: Mapping[str, Any]) -> tuple[AbstractFileSystem, str]:
    """The file system of an address, and the path in it; `options` are those of its library.

    Raises:
        StopConnection: the library that reaches such an address is not installed, or there is none.
        Exception: the library's own, when the place cannot be reached.
    """
    scheme = scheme_of(path)
    try:
        get_filesystem_class(scheme)
    except ImportError as error:
        fix = f"Install it: {_EXTRA}" if scheme in (*_SFTP, *_S3) else "Install the package that fsspec names for it."
        raise StopConnection(f"what reads {scheme}:// is not installed: {error}", fix=fix) from error
    except ValueError as error:
        fix = "Write a folder of this machine, s3://bucket/folder or sftp://host/folder."
        raise StopConnection(f"nothing is known that reads {scheme}://", fix=fix) from error
    fs, root = url_to_fs(path, **_completed(scheme, options), skip_instance_cache=True)
    return fs, root


def scheme_of(path: str) -> str:
    """What stands before `://`; `file` where nothing does."""
    scheme, found, _ = path.partition("://")
    return scheme.lower() if found else "file"


def listed(fs: AbstractFileSystem, root: str) -> list[dict[str, Any]] | None:
    """What lies in a folder; None when there is no such folder. A place of objects knows no empty folders: there it is
    enough that the bucket is there."""
    try:
        found: list[dict[str, Any]] = fs.ls(root, detail=True)
    except FileNotFoundError:
        if fs.exists(root):
            raise
        bucket = root.strip("/").split("/")[0]
        return [] if whole_when_seen(fs) and bucket != root.strip("/") and fs.exists(bucket) else None
    return found


def address_of(fs: AbstractFileSystem, path: str, folder: str) -> str:
    """The address of a file, with the server's name where `folder` has one."""
    scheme = scheme_of(folder)
    server = urlsplit(folder).hostname if scheme in _SFTP else None
    return f"{scheme}://{server}{path}" if server else str(fs.unstrip_protocol(path))


def part(fs: AbstractFileSystem, path: str, start: int, size: int) -> bytes:
    """So many bytes of a file, at most. (`cat_file` of sshfs reads the whole file, whatever part it is asked for.)"""
    with fs.open(path, "rb") as stream:
        stream.seek(start)
        return bytes(stream.read(size))


def whole_when_seen(fs: AbstractFileSystem) -> bool:
    """Whether a file cannot be seen there before the whole of it is."""
    protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
    return not _OBJECTS.isdisjoint(protocols)


def _completed(scheme: str, options: Mapping[str, Any]) -> dict[str, Any]:
    if scheme in _SFTP:
        return {**_OF_SFTP, **options}
    if scheme in _S3:
        return {**options, "config_kwargs": {**_OF_S3, **options.get("config_kwargs", {})}}
    return dict(options)
