"""Looking for secrets where none may be: all that is logged, every error with its causes, every byte that is left."""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import sqlite3
import traceback
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from sandbox.kit import Call

LOGGERS = (
    "", "httpx", "httpcore", "authlib", "sqlalchemy.engine", "alembic", "uvicorn", "uvicorn.access", "dealbooks",
    "gateway",
)  # fmt: skip


class Spy:
    """Everything that is logged, at the finest level, and every error with all that hangs on it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)r"))

    def error(self, error: BaseException) -> None:
        """An error as a traceback shows it, whether or not it is told to hide its causes."""
        seen: set[int] = set()
        waiting: list[BaseException | None] = [error]
        while waiting:
            one = waiting.pop()
            if one is None or id(one) in seen:
                continue
            seen.add(id(one))
            self.stream.write(f"{one!r} {one} {getattr(one, '__notes__', '')} {getattr(one, 'fix', '')}\n")
            self.stream.write("".join(traceback.format_exception(one, chain=True)))
            waiting += [one.__cause__, one.__context__]


@contextlib.contextmanager
def listening() -> Iterator[Spy]:
    """Every logger of ours and of those that call for us tells all that it knows."""
    made = Spy()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(one.level, one.disabled) for one in loggers]
    logging.getLogger().addHandler(made.handler)
    for one in loggers:
        one.setLevel(logging.DEBUG)
        one.disabled = False
    try:
        yield made
    finally:
        logging.getLogger().removeHandler(made.handler)
        for one, (level, disabled) in zip(loggers, before, strict=True):
            one.setLevel(level)
            one.disabled = disabled


def echo(call: Call) -> bytes:
    """What a careless platform puts into an error: the request, headers and all."""
    return " | ".join([call.method, call.path, str(dict(call.headers)), call.body.decode(errors="replace")]).encode()


def spelled(secret: str, client: str = "sandbox-app") -> Iterator[bytes]:
    """A secret as it may be written."""
    yield secret.encode()
    yield quote(secret, safe="").encode()
    for user in (client, "user", ""):
        yield base64.b64encode(f"{user}:{secret}".encode()).rstrip(b"=")
    yield base64.b64encode(secret.encode()).rstrip(b"=")


def left_in(folder: Path) -> dict[str, bytes]:
    """Every file as it is, and every row of a store as its columns say: a value that is long lies in pieces on disk."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    places = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    for path in files:
        if path.suffix == ".db":
            places |= {f"{path.name}, table {name}": rows for name, rows in _tables(path)}
    return places


def _tables(path: Path) -> Iterator[tuple[str, bytes]]:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        for (name,) in conn.execute("select name from sqlite_master where type = 'table'").fetchall():
            rows = conn.execute(f'select * from "{name}"').fetchall()
            values = (value for row in rows for value in row)
            yield name, b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def leaks(places: Mapping[str, bytes], secrets: Iterable[str]) -> list[tuple[str, bytes]]:
    """Where a secret stands, in any spelling, with what is around it."""
    return [
        (where, text[max(0, text.index(one) - 160) : text.index(one) + 60])
        for secret in sorted(secrets)
        for one in spelled(secret)
        for where, text in places.items()
        if one in text
    ]
