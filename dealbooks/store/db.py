"""Connections and transactions of the store. Every state change goes through `Tx`, which seals it in the chain."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import ClauseElement, Connection, Engine, Table, and_, bindparam, create_engine, event, select
from sqlalchemy.dialects import registry
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, SQLAlchemyError

from dealbooks.canonical import canonical_text, sha256_hex
from dealbooks.errors import BrokenInvariant, ConfigError, Overtaken, StopConnection
from dealbooks.store.tables import COVERED, PRIMARY, audit, audit_heads, counters, metadata

Row = dict[str, Any]
Clock = Callable[[], datetime]
_READ = "dealbooks_read"

# The chain of the intake: files and rows of the inbox, which belong to no book until they are judged.
HOUSE_CHAIN = "-"


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as the store writes it: UTC, fixed width, so that text order is time order."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def digest(table: str, row: Mapping[str, Any]) -> str:
    """Hash of the covered columns of a row, as the audit chain holds it."""
    return sha256_hex(canonical_text(_SEALED[table](row)))[:32]


def read_rows(conn: Connection, statement: Any) -> list[Row]:
    """Run a select; rows as dictionaries."""
    result = conn.execute(statement)
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result.all()]


class Store:
    """The store behind a URL (SQLite or PostgreSQL). Cheap to make; opens its connections when they are used."""

    def __init__(self, url: str, *, clock: Clock = utc_now) -> None:
        self.url = url
        self.clock = clock
        self.engine = _engine(url)

    def now(self) -> str:
        """The time as the store writes it."""
        return stamp(self.clock())

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads, one snapshot."""
        options: dict[str, Any] = {_READ: True}
        if self.engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _told(self.url), self.engine.connect().execution_options(**options) as conn, conn.begin():
            yield conn

    @contextmanager
    def transaction(self, actor: str, action: str) -> Iterator[Tx]:
        """One transaction: all of it or nothing, sealed by one audit link for each chain that it touches.

        `actor` is a person or a process name, `action` a verb such as "validate batch 12".
        """
        with _told(self.url), self.engine.connect() as conn, conn.begin():
            tx = Tx(conn, self.now(), actor, action)
            yield tx
            tx.seal()

    @contextmanager
    def rehearse(self) -> Iterator[Store]:
        """A store that behaves like this one, and of which nothing remains: its transactions are savepoints of one
        transaction that is rolled back at the end. Other writers wait for that long."""
        with _told(self.url), self.engine.connect() as conn:
            outer = conn.begin()
            try:
                yield _Rehearsal(self, conn)
            finally:
                outer.rollback()


class _Rehearsal(Store):
    """See `Store.rehearse`. All threads (a lease is renewed by one of its own) share one connection, one at a time."""

    def __init__(self, real: Store, conn: Connection) -> None:
        self.url = real.url
        self.clock = real.clock
        self.engine = real.engine
        self._conn = conn
        self._alone = threading.RLock()

    def close(self) -> None:
        """Nothing to give back: the connection is the rehearsal's."""

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The rehearsal's own connection, which sees what was rehearsed."""
        with self._alone, self._conn.begin_nested():
            yield self._conn

    @contextmanager
    def transaction(self, actor: str, action: str) -> Iterator[Tx]:
        """A savepoint, sealed like a transaction."""
        with self._alone, self._conn.begin_nested():
            tx = Tx(self._conn, self.now(), actor, action)
            yield tx
            tx.seal()


class Tx:
    """Writes of one transaction. Rows are plain dictionaries with every covered column."""

    def __init__(self, conn: Connection, at: str, actor: str, action: str) -> None:
        self.conn = conn
        self.at = at
        self._actor = actor
        self._action = action
        self._changes: dict[str, list[list[Any]]] = {}

    def next_ids(self, counter: str, count: int = 1) -> range:
        """Hand out numbers of a counter: without gaps, because they are taken in this same transaction."""
        row = self.conn.execute(select(counters.c.value).where(counters.c.name == counter).with_for_update()).first()
        if row is None:
            if self.claim(counters, {"name": counter, "value": count}):
                return range(1, count + 1)
            return self.next_ids(counter, count)
        self.conn.execute(counters.update().where(counters.c.name == counter).values(value=row.value + count))
        return range(row.value + 1, row.value + count + 1)

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows. Each is sealed in the chain of its own `book`; a row without one in the house's."""
        if not rows:
            return
        statement, columns = _insert_sql(self.conn.dialect.name, table, tuple(rows[0]))
        values = _values_of(columns)
        self.conn.exec_driver_sql(statement, [values(row) for row in rows])
        self._note(table, rows)

    def claim(self, target: Table, row: Row) -> bool:
        """Insert the row unless another process has inserted one under its key meanwhile; whether it is ours. For
        tables of ours that no audit chain covers."""
        try:
            with self.conn.begin_nested():
                self.conn.execute(target.insert(), [row])
        except IntegrityError:
            return False
        return True

    def update(self, table: str, rows: Iterable[Row], **values: Any) -> list[Row]:
        """Set `values` on each row (full rows, as read); returns the rows as they are now."""
        return self.change(table, [(row, values) for row in rows])

    def change(self, table: str, pairs: Iterable[tuple[Row, Row]]) -> list[Row]:
        """Set each row's own new values; the pairs must set the same columns. Returns the rows as they are now.

        A row is changed only while its covered columns are as they were read: what was read before this transaction
        may be old, and the audit chain would seal what does not stand there.

        Raises:
            Overtaken: a row was changed, or is not there any more, since it was read. The transaction must not go on.
        """
        listed = list(pairs)
        if not listed:
            return []
        columns = tuple(listed[0][1])
        read = tuple(column for column in COVERED[table] if column in listed[0][0])
        now, was = _values_of(columns), _values_of((PRIMARY[table], *read))
        done = self.conn.exec_driver_sql(
            _update_sql(self.conn.dialect.name, table, columns, read),
            [now(new) + was(row) for row, new in listed],
            {"preserve_rowcount": True},
        )
        if done.rowcount != len(listed):
            raise Overtaken(
                f"Another process changed the same {table} while this one worked on them ({self._action}).",
                fix="Nothing of this step was written. Run again.",
            )
        changed = [row | new for row, new in listed]
        self._note(table, changed)
        return changed

    def rows(self, statement: Any) -> list[Row]:
        """Run a select; rows as dictionaries."""
        return read_rows(self.conn, statement)

    def _note(self, table: str, rows: Iterable[Row]) -> None:
        primary = PRIMARY[table]
        for row in rows:
            entry = [table, str(row[primary]), row.get("state", ""), digest(table, row)]
            self._changes.setdefault(row.get("book") or HOUSE_CHAIN, []).append(entry)

    def seal(self) -> None:
        """Add one link to each chain that was touched. Called once, at the end of the transaction."""
        for book in sorted(self._changes):
            head = self._head(book)
            seq, prev = head.seq + 1, head.hash
            link = make_link(book, seq, self.at, self._actor, self._action, self._changes[book], prev)
            self.conn.execute(audit.insert(), [link])
            self.conn.execute(audit_heads.update().where(audit_heads.c.book == book).values(seq=seq, hash=link["hash"]))
        self._changes = {}

    def _head(self, book: str) -> Any:
        """The newest link of a chain, held until the end of the transaction; one of number 0 where a chain begins."""
        query = select(audit_heads).where(audit_heads.c.book == book).with_for_update()
        head = self.conn.execute(query).first()
        if head is None:
            self.claim(audit_heads, {"book": book, "seq": 0, "hash": ""})
            head = self.conn.execute(query).first()
        return head


# Written out once: SQLAlchemy would go through every parameter of every row again, and none of our types converts any.
@lru_cache(maxsize=128)
def _insert_sql(dialect: str, table: str, columns: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The SQL, and the columns in the order in which it takes them."""
    compiled = _compiled(dialect, metadata.tables[table].insert(), columns)
    return str(compiled), tuple(compiled.positiontup or ())


@lru_cache(maxsize=128)
def _update_sql(dialect: str, table: str, columns: tuple[str, ...], read: tuple[str, ...]) -> str:
    target = metadata.tables[table]
    as_read = [target.c[column].is_not_distinct_from(bindparam(f"_was_{column}")) for column in read]
    chosen = and_(target.c[PRIMARY[table]] == bindparam("_pk"), *as_read)
    new: list[tuple[Any, Any]] = [(target.c[column], bindparam(f"_{column}")) for column in columns]
    return str(_compiled(dialect, target.update().where(chosen).ordered_values(*new)))


def _compiled(dialect: str, statement: ClauseElement, columns: Sequence[str] | None = None) -> Any:
    """A statement with its parameters by place."""
    name, style = _DRIVERS[dialect]
    return statement.compile(dialect=registry.load(name)(paramstyle=style), column_keys=columns)


_DRIVERS = {"sqlite": ("sqlite", "qmark"), "postgresql": ("postgresql.psycopg", "format")}


@lru_cache(maxsize=256)
def _values_of(columns: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Takes the values of these columns out of a row."""
    if len(columns) == 1:
        only = columns[0]
        return lambda row: (row[only],)
    return itemgetter(*columns)


_SEALED = {table: _values_of(columns) for table, columns in COVERED.items()}


def make_link(
    book: str, seq: int, at: str, actor: str, action: str, changes: list[list[Any]], prev: str
) -> dict[str, Any]:
    """One link of an audit chain: its hash covers everything in it and the hash before it."""
    body = canonical_text(changes)
    content = canonical_text([book, seq, at, actor, action, sha256_hex(body), prev])
    return {
        "book": book, "seq": seq, "at": at, "actor": actor, "action": action, "changes": body, "prev": prev,
        "hash": sha256_hex(content),
    }  # fmt: skip


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise ConfigError(
            "store: is not a database URL", fix="Write sqlite:///var/dealbooks.db or postgresql://user@host/database."
        ) from error
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": 30, "check_same_thread": False})
        if parsed.database and parsed.database != ":memory:":
            _make_before_use(engine, Path(parsed.database))
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    raise ConfigError(
        f"store: {parsed.get_backend_name()} is not supported", fix="Use sqlite:///FILE or postgresql://..."
    )


def _make_before_use(engine: Engine, file: Path) -> None:
    """The file and its folder are made when the store is first used, not when it is named."""

    def make(*_: object) -> None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            _private(file)
        except OSError as error:
            raise ConfigError(
                f"The store {file} cannot be made: {error.strerror or error} ({error.filename or file.parent}).",
                fix="Let this user write to that folder, or name another place under store in dealbooks.yaml.",
            ) from error

    event.listen(engine, "do_connect", make)


def _private(file: Path) -> None:
    """The store holds names and addresses: a new one is readable by its owner only."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return


def _sqlite_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-32000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READ, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _told(url: str) -> Iterator[None]:
    """What the database cannot do is told as an error of ours."""
    try:
        yield
    except DatabaseError as error:
        # The kinds of DatabaseError other than these two are mistakes of a statement, not states of the store.
        if isinstance(error, OperationalError):
            raise _unreachable(url, error) from error
        if type(error) is DatabaseError:
            raise _damaged(url, error) from error
        raise


def _damaged(url: str, error: DatabaseError) -> StopConnection:
    text = str(error.orig).splitlines()[0] if error.orig is not None else "it cannot be read"
    shown = make_url(url).render_as_string(hide_password=True)
    return StopConnection(
        f"The store {shown} is no database, or it is damaged: {text}.",
        fix="Check store in dealbooks.yaml; if the file is the right one, put its last copy back in its place.",
    )


def _unreachable(url: str, error: OperationalError) -> StopConnection | BrokenInvariant:
    text = str(error.orig).splitlines()[0] if error.orig is not None else "no answer"
    shown = make_url(url).render_as_string(hide_password=True)
    if "no such table" in text or "does not exist" in text:
        return BrokenInvariant(
            f"The store {shown} lacks a table: {text}", fix="Run 'dealbooks doctor' to bring the store up to date."
        )
    return StopConnection(
        f"The store {shown} cannot be used now: {text}",
        fix="Check that the database runs, that the disk is not full and that no other program holds it; run again.",
    )
