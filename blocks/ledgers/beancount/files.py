"""One file per effect, written exactly once: the file system itself is the proof, no database is asked.

    write .KEY.xxxx.tmp -> fsync -> link to KEY.beancount -> unlink the temporary -> fsync the directory

The name is made from the key alone, so a key can stand only once. `link` either makes the name for a whole, durable
file or fails because the name is there; nothing in between can be seen by a reader, and nothing counts as posted
before both its bytes and its name are on the disk. The include pattern `ledger/*/*.beancount` takes no temporary.

Measured on ext4, batches of 200, 2.8 KB each: one by one 0.8 to 1.0 ms a file; this way 0.2 to 0.4 ms. Handing all
files of the batch to the disk before the first fsync is what helps where one commit of a journal serves many. A few
fsyncs at the same time help where there is no journal and others keep the disk busy: 0.5 to 1 ms a file in place of
2.5 to 4. With 256 directories in place of 16 a batch touches ten times as many, and takes twice as long.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from dealbooks.canonical import sha256_hex
from dealbooks.durable import sync_folder
from dealbooks.errors import StopConnection

FOLDER = "ledger"
SUFFIX = ".beancount"
SHARDS = "0123456789abcdef"

_KEY = re.compile(r"[0-9a-f]{16,64}")
_REF = re.compile(r"ledger/([0-9a-f])/([0-9a-f]{16,64})\.beancount")
_PLACEHOLDER = f"{SHARDS[0]}/none{SUFFIX}"
_AT_ONCE = 4  # threads that wait for the disk
_FILE_MODE = 0o640
_FOLDER_MODE = 0o750
_T = TypeVar("_T")
# A call that failed so has not made its name; after any other failure we do not know.
_NOT_MADE = frozenset(
    {
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMLINK, errno.ENOENT, errno.ENOTDIR,
        errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS,
    }
)  # fmt: skip


class State(StrEnum):
    """What became of one file."""

    WRITTEN = "written"
    ALREADY = "already"  # it was there, byte for byte
    CONFLICT = "conflict"  # the key stands there with other content
    NOT_WRITTEN = "not_written"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Item:
    """A file to be written: the effect's key and the whole content."""

    key: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item; `reason` is for a person."""

    state: State
    ref: str
    reason: str = ""


@dataclass(slots=True)
class _Temporary:
    item: Item
    path: str
    fd: int


def good_key(key: str) -> bool:
    """Whether a key can name a file: 16 to 64 small hex characters, as PostingKey.wire makes them."""
    return _KEY.fullmatch(key) is not None


def ref_of(key: str) -> str:
    """Where an effect stands, relative to the ledger's folder. Raises ValueError for what is not a wire key."""
    if not good_key(key):
        raise ValueError("a key in the ledger is 16 to 64 hex characters")
    return f"{FOLDER}/{key[0]}/{key}{SUFFIX}"


def cannot_write(root: Path, error: OSError) -> StopConnection:
    """The words for a folder that cannot be written to."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StopConnection(
            f"The disk that holds the ledger in {root} is full; nothing was posted.",
            fix="Free some space on it, then drain again: what waits is posted then, once.",
        )
    if error.errno in (errno.EROFS, errno.EACCES):
        return StopConnection(
            f"The ledger folder {root} may not be written to; nothing was posted.",
            fix="Give this user the right to write there, or mount the disk for writing, then drain again.",
        )
    if error.errno in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
        return StopConnection(
            f"The disk that holds the ledger in {root} cannot give a file a second name, which posting once relies on.",
            fix="Keep the ledger on a local disk (ext4, xfs, btrfs, zfs, APFS).",
        )
    return StopConnection(
        f"The ledger folder {root} cannot be used: {error.strerror or 'unknown fault'}; nothing was posted.",
        fix="Check that the path is a folder on a disk that works, then drain again.",
    )


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file whole: readers see the old or the new content, after a crash too. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        fd = _create(temporary, data)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    sync_folder(path.parent)


def _create(path: Path | str, data: bytes) -> int:
    """Make a new file and write all of it; gives the open descriptor. Leaves nothing open when it fails."""
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE_MODE)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]
    except BaseException:
        os.close(fd)
        raise
    return fd


class EffectFiles:
    """The effect files of one ledger folder.

    `stale_after` is how old (in seconds) a killed writer's temporary must be before it is cleared away: longer than
    any lease, so that a writer that is only slow keeps its own.
    """

    def __init__(self, root: Path, stale_after: float = 86_400.0) -> None:
        self.root = root
        self.stale_after = stale_after
        self._root = f"{root}/"  # names of files are put together as text: a Path costs more than the call it is for

    def prepare(self) -> None:
        """Make the folders and clear away old temporaries. Raises StopConnection."""
        try:
            self.root.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            base = self.root / FOLDER
            made = not base.exists()
            base.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            fresh = [shard for shard in SHARDS if not (base / shard).exists()]
            for shard in fresh:
                (base / shard).mkdir(mode=_FOLDER_MODE, exist_ok=True)
            if fresh:
                sync_folder(base)
            if not (base / _PLACEHOLDER).exists():
                replace_file(
                    base / _PLACEHOLDER, b"; An include pattern needs a file, also while there are no entries.\n"
                )
            if made:
                sync_folder(self.root)
                sync_folder(self.root.parent)
            self._sweep()
        except OSError as error:
            raise cannot_write(self.root, error) from error

    def _sweep(self) -> None:
        limit = time.time() - self.stale_after
        for folder in (self.root, *(self.root / FOLDER / shard for shard in SHARDS)):
            for path in folder.glob(".*.tmp"):
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < limit:
                        path.unlink()

    def write(self, items: Sequence[Item]) -> list[Result]:
        """Write each item once; one result per item, in order. A key that is there already is never touched.

        Raises:
            StopConnection: the folder cannot be written to; none of the files was made.
        """
        if not items:
            return []
        temporaries: list[_Temporary] = []
        try:
            try:
                self._stage(items, temporaries)
            except OSError as error:
                raise cannot_write(self.root, error) from error
            results, failure = self._link(temporaries)
        finally:
            for temporary in temporaries:
                with contextlib.suppress(OSError):
                    os.unlink(temporary.path)  # noqa: PTH108
        if failure is not None and all(result.state is State.NOT_WRITTEN for result in results):
            raise cannot_write(self.root, failure) from failure
        return self._durable(results)

    def _stage(self, items: Sequence[Item], temporaries: list[_Temporary]) -> None:
        """Write all temporaries, and make their bytes durable."""
        try:
            for item in items:
                path = f"{self._root}{_folder(ref_of(item.key))}/.{item.key}.{secrets.token_hex(8)}.tmp"
                temporary = _Temporary(item, path, -1)
                temporaries.append(temporary)
                temporary.fd = _create(path, item.data)
            if hasattr(os, "posix_fadvise"):
                for temporary in temporaries:  # starts writing all of them out, waits for none
                    os.posix_fadvise(temporary.fd, 0, 0, os.POSIX_FADV_DONTNEED)
            _at_once(os.fsync, [temporary.fd for temporary in temporaries])
        finally:
            for temporary in temporaries:
                if temporary.fd >= 0:
                    os.close(temporary.fd)
                    temporary.fd = -1

    def _link(self, temporaries: Sequence[_Temporary]) -> tuple[list[Result], OSError | None]:
        """Give each temporary its final name; also the last failure that says the folder is at fault."""
        results: list[Result] = []
        failure: OSError | None = None
        for temporary in temporaries:
            item, ref = temporary.item, ref_of(temporary.item.key)
            try:
                os.link(temporary.path, self._root + ref)
                results.append(Result(State.WRITTEN, ref))
            except FileExistsError:
                results.append(self._compare(item, ref))
            except OSError as error:
                if error.errno in _NOT_MADE:
                    failure = error
                    results.append(Result(State.NOT_WRITTEN, ref, cannot_write(self.root, error).message))
                else:
                    results.append(Result(State.UNSURE, ref, f"The disk reported: {error.strerror}."))
        return results, failure

    def _compare(self, item: Item, ref: str) -> Result:
        try:
            held = _bytes(self._root + ref)
        except OSError as error:
            return Result(State.UNSURE, ref, f"{ref} is there but cannot be read: {error.strerror}.")
        if held == item.data:
            return Result(State.ALREADY, ref)
        return Result(
            State.CONFLICT,
            ref,
            f"{ref} is in the ledger with other content (there {sha256_hex(held)}, ours {sha256_hex(item.data)}); "
            "it was left as it is.",
        )

    def _durable(self, results: Sequence[Result]) -> list[Result]:
        """Make the names of what is there durable, once per folder; where that failed, it is in doubt."""
        failed: dict[str, str] = {}

        def sync(folder: str) -> None:
            try:
                sync_folder(self.root / folder)
            except OSError as error:
                failed[folder] = f"The disk reported: {error.strerror}."

        _at_once(sync, sorted({_folder(result.ref) for result in results if result.state in _PRESENT}))
        return [
            Result(State.UNSURE, result.ref, failed[_folder(result.ref)])
            if result.state in _PRESENT and _folder(result.ref) in failed
            else result
            for result in results
        ]

    def look(self, items: Sequence[Item]) -> list[Result]:
        """What stands under each key, without writing: ALREADY, CONFLICT, NOT_WRITTEN or UNSURE. A file that is found
        is made durable before it counts: its writer may have died before that."""
        results: list[Result] = []
        for item in items:
            ref = ref_of(item.key)
            try:
                os.stat(self._root + ref)  # noqa: PTH116
            except FileNotFoundError:
                results.append(Result(State.NOT_WRITTEN, ref))
            except OSError as error:
                results.append(Result(State.UNSURE, ref, f"{ref} cannot be reached: {error.strerror}."))
            else:
                results.append(self._compare(item, ref))
        return self._durable(results)

    def read(self, ref: str) -> bytes | None:
        """The bytes that stand at a ref, read anew; None when there is no such file. Raises StopConnection when the
        folder cannot be read."""
        if not is_ref(ref):
            return None
        try:
            return _bytes(self._root + ref)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StopConnection(
                f"The ledger file {ref} in {self.root} cannot be read: {error.strerror}.",
                fix="Give this user the right to read it, then verify again.",
            ) from error

    def keys(self) -> Iterator[str]:
        """Every key that stands in the ledger."""
        for path in (self.root / FOLDER).glob(f"*/*{SUFFIX}"):
            if good_key(path.stem):
                yield path.stem


_PRESENT = (State.WRITTEN, State.ALREADY)


def is_ref(ref: str) -> bool:
    """Whether a text is the ref of an effect file (and no path to somewhere else)."""
    match = _REF.fullmatch(ref)
    return match is not None and match.group(1) == match.group(2)[0]


def _at_once(call: Callable[[_T], None], wanted: Sequence[_T]) -> None:
    """Make a call for each, a few at the same time. When one fails, its error is raised after all have ended."""
    if len(wanted) < _AT_ONCE:
        _each(call, wanted)
        return
    with ThreadPoolExecutor(_AT_ONCE, "ledger files") as pool:
        for done in [pool.submit(_each, call, wanted[start::_AT_ONCE]) for start in range(_AT_ONCE)]:
            done.result()


def _each(call: Callable[[_T], None], wanted: Sequence[_T]) -> None:
    for one in wanted:
        call(one)


def _folder(ref: str) -> str:
    return ref.rpartition("/")[0]


def _bytes(path: str) -> bytes:
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123
        return stream.read()
