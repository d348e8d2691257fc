"""The exactly-once writer: killed, raced, refused or out of space, a file is there whole, once, or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from blocks.ledgers.beancount.files import EffectFiles, Item, State, is_ref, ref_of, replace_file
from dealbooks.canonical import sha256_hex
from dealbooks.errors import StopConnection

FORK = multiprocessing.get_context("fork")


def item(number: int, data: bytes = b"") -> Item:
    return Item(hashlib.sha256(str(number).encode()).hexdigest(), data or b"; entry %d\n" % number)


def writer(path: Path, stale_after: float = 86_400.0) -> EffectFiles:
    files = EffectFiles(path, stale_after)
    files.prepare()
    return files


def standing(path: Path) -> dict[str, bytes]:
    """What the include pattern picks up, without the placeholder."""
    return {p.stem: p.read_bytes() for p in path.glob("ledger/*/*.beancount") if p.stem != "none"}


def temporaries(path: Path) -> list[Path]:
    return list(path.rglob(".*.tmp"))


def states(files: EffectFiles, items: Sequence[Item]) -> list[str]:
    return [result.state.value for result in files.write(items)]


def test_a_key_is_written_once(tmp_path: Path) -> None:
    files = writer(tmp_path)
    batch = [item(n) for n in range(50)]
    assert set(states(files, batch)) == {"written"}
    assert set(states(files, batch)) == {"already"}
    assert standing(tmp_path) == {one.key: one.data for one in batch}
    assert temporaries(tmp_path) == []
    assert files.write([]) == []


def test_a_key_twice_in_one_batch_is_written_once(tmp_path: Path) -> None:
    one, other = item(1), item(1, b"; other\n")
    assert states(writer(tmp_path), [one, one, other]) == ["written", "already", "conflict"]
    assert standing(tmp_path) == {one.key: one.data}


def test_other_content_is_refused_with_both_hashes_and_left_alone(tmp_path: Path) -> None:
    files = writer(tmp_path)
    files.write([item(1)])
    (result,) = files.write([item(1, b"; other\n")])
    assert result.state is State.CONFLICT
    assert sha256_hex(item(1).data) in result.reason
    assert sha256_hex(b"; other\n") in result.reason
    assert standing(tmp_path) == {item(1).key: item(1).data}
    assert files.look([item(1), item(1, b"; other\n"), item(2)])[1].state is State.CONFLICT


def test_modes(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        writer(tmp_path / "book").write([item(1)])
    finally:
        os.umask(before)
    path = tmp_path / "book" / ref_of(item(1).key)
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.parent.stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "book").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "ABCDEF0123456789", "abc", "", "g" * 64, "a" * 65, "a" * 64 + "\n"]
)
def test_a_name_that_is_no_key_is_no_file(key: str) -> None:
    with pytest.raises(ValueError, match="hex"):
        ref_of(key)
    assert not is_ref(f"ledger/{key[:1]}/{key}.beancount")


def test_a_read_never_leaves_the_ledger(tmp_path: Path) -> None:
    files = writer(tmp_path / "book")
    (tmp_path / "secret.beancount").write_text("no")
    assert files.read("../secret.beancount") is None
    assert files.read("ledger/b/" + item(1).key + ".beancount") is None


def _race(path: Path, barrier: Barrier, mine: Sequence[Item], out: Any) -> None:
    files = writer(path)
    barrier.wait()
    out.put([result.state.value for half in (mine[:100], mine[100:]) for result in files.write(half)])


def test_two_processes_race_on_200_keys(tmp_path: Path) -> None:
    """The first hundred keys have the same content on both sides, the others differ."""
    left = [item(n, b"; same\n" if n < 100 else b"; left\n") for n in range(200)]
    right = [item(n, b"; same\n" if n < 100 else b"; right\n") for n in range(200)]
    barrier, out = FORK.Barrier(2), FORK.Queue()
    runs = [FORK.Process(target=_race, args=(tmp_path, barrier, side, out)) for side in (left, right)]
    for run in runs:
        run.start()
    first, second = out.get(timeout=60), out.get(timeout=60)
    for run in runs:
        run.join()
    pairs = [tuple(sorted(pair)) for pair in zip(first, second, strict=True)]
    assert set(pairs[:100]) == {("already", "written")}
    assert set(pairs[100:]) == {("conflict", "written")}
    held = standing(tmp_path)
    assert len(held) == 200
    assert {held[one.key] for one in left[:100]} == {b"; same\n"}
    assert {held[one.key] for one in left[100:]} <= {b"; left\n", b"; right\n"}
    assert temporaries(tmp_path) == []


CALLS = ("open", "write", "fsync", "link", "unlink", "mkdir", "replace", "close", "posix_fadvise")


def _killed_at(number: int, after: bool, path: Path, batch: Sequence[Item]) -> None:
    """Run the writer, and kill this process before or after its system call of that number."""
    count = 0

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == number and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*args, **kwargs)
            finally:
                if count == number and after:
                    os.kill(os.getpid(), signal.SIGKILL)

        return call

    for name in CALLS:
        setattr(os, name, watched(getattr(os, name)))
    writer(path).write(batch)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_system_call(tmp_path: Path, after: bool) -> None:
    batch = [item(n, b"; %d\n" % n * 3000) for n in range(3)]
    number, seen = 0, set()
    while True:
        number += 1
        path = tmp_path / str(number)
        run = FORK.Process(target=_killed_at, args=(number, after, path, batch))
        run.start()
        run.join()
        held = standing(path) if path.exists() else {}
        assert all(held[one.key] == one.data for one in batch if one.key in held), f"half a file after call {number}"
        assert set(held) <= {one.key for one in batch}
        seen.add(len(held))
        if run.exitcode == 0:
            break
        assert run.exitcode == -signal.SIGKILL
        files = writer(path)
        found = [result.state for result in files.look(batch)]
        assert [state is State.ALREADY for state in found] == [one.key in held for one in batch]
        assert set(states(files, batch)) <= {"written", "already"}
        assert standing(path) == {one.key: one.data for one in batch}
        shutil.rmtree(path)
    assert number > 40
    assert seen == {0, 1, 2, 3}


def test_old_temporaries_are_cleared_young_ones_stay(tmp_path: Path) -> None:
    writer(tmp_path)
    old, young = (tmp_path / "ledger" / "a" / f".{name}.tmp" for name in ("old", "young"))
    for path in (old, young):
        path.write_text("half an ent")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    writer(tmp_path, stale_after=3600)
    assert temporaries(tmp_path) == [young]
    assert standing(tmp_path) == {}


def test_a_temporary_swept_from_under_a_slow_writer_is_not_posted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, real = writer(tmp_path), os.link

    def swept(source: str, target: str) -> None:
        if item(1).key in source:
            Path(source).unlink()
        real(source, target)

    monkeypatch.setattr(os, "link", swept)
    assert states(files, [item(0), item(1), item(2)]) == ["written", "not_written", "written"]
    assert set(standing(tmp_path)) == {item(0).key, item(2).key}


def failing(call: str, code: int, from_call: int = 1) -> Callable[..., Any]:
    real, count = getattr(os, call), 0

    def fail(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count >= from_call:
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    return fail


@pytest.mark.parametrize("call", ["open", "write", "fsync", "link"])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EROFS, "may not be written"),
        (errno.EACCES, "may not be written"),
        (errno.EPERM, "second name"),
    ],
)
def test_a_folder_that_takes_nothing_stops_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, words: str
) -> None:
    files = writer(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(call, code))
        with pytest.raises(StopConnection, match=words) as stopped:
            files.write([item(n) for n in range(3)])
    assert "nothing was posted" in stopped.value.message or code == errno.EPERM
    assert stopped.value.fix
    assert standing(tmp_path) == {}
    assert temporaries(tmp_path) == []
    assert set(states(files, [item(n) for n in range(3)])) == {"written"}


def test_full_in_the_middle_of_a_batch_writes_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = writer(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing("write", errno.ENOSPC, from_call=5))
        with pytest.raises(StopConnection, match="is full"):
            files.write([item(n) for n in range(10)])
    assert standing(tmp_path) == {}
    assert temporaries(tmp_path) == []


def test_one_file_that_does_not_get_to_the_disk_stops_the_whole_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = writer(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing("fsync", errno.ENOSPC, from_call=30))
        with pytest.raises(StopConnection, match="is full"):
            files.write([item(n) for n in range(40)])
    assert standing(tmp_path) == {}
    assert temporaries(tmp_path) == []
    assert set(states(files, [item(n) for n in range(40)])) == {"written"}


def test_names_that_could_not_be_made_are_told_from_those_that_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = writer(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", failing("link", errno.ENOSPC, from_call=3))
        results = files.write([item(n) for n in range(4)])
    assert [result.state for result in results] == [State.WRITTEN] * 2 + [State.NOT_WRITTEN] * 2
    assert "is full" in results[-1].reason
    assert set(standing(tmp_path)) == {item(0).key, item(1).key}


def test_a_name_that_may_not_be_durable_is_not_called_posted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = writer(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing("fsync", errno.EIO, from_call=2))
        assert states(files, [item(1)]) == ["unsure"]
        assert files.look([item(1)])[0].state is State.UNSURE
    assert files.look([item(1)])[0].state is State.ALREADY


def test_a_link_that_failed_for_an_unknown_reason_is_in_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = writer(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", failing("link", errno.EIO))
        assert states(files, [item(1)]) == ["unsure"]
    assert files.look([item(1)])[0].state is State.NOT_WRITTEN


def test_a_short_write_is_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data)[:7]))
    one = item(1, b"; a line\n" * 20)
    assert states(writer(tmp_path), [one]) == ["written"]
    assert standing(tmp_path) == {one.key: one.data}


def test_a_path_under_a_file_stops_the_connection(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StopConnection, match="cannot be used"):
        writer(tmp_path / "file" / "book")


@contextlib.contextmanager
def small_disk(path: Path, size: str) -> Iterator[None]:
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        pytest.skip("no mount here")
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "256k"):
        files = writer(tmp_path / "disk" / "book")
        with pytest.raises(StopConnection, match="is full"):
            files.write([item(n, b"; line\n" * 400) for n in range(200)])
        assert standing(tmp_path / "disk") == {}
        assert temporaries(tmp_path / "disk") == []
        assert states(files, [item(1)]) == ["written"]


def test_replacing_a_file_keeps_the_old_one_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "accounts.beancount"
    replace_file(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing("write", errno.ENOSPC))
        with pytest.raises(OSError, match="No space"):
            replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert temporaries(tmp_path) == []
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
