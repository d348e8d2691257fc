"""A store of a simulation that costs nothing: in memory, made once, and copied for each life."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

from sim_worlds import World

from dealbooks.store import Store
from dealbooks.store.schema import ensure


def in_memory() -> str | None:
    """Where a folder costs nothing, if the machine has that."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@lru_cache(maxsize=1)
def _home() -> tempfile.TemporaryDirectory[str]:
    """The folder of this process's lives."""
    return tempfile.TemporaryDirectory(prefix="dealbooks-lives-", dir=_inside or in_memory())


_inside = ""


def live_in(folder: str) -> None:
    """For a worker process, which does not tidy up at its end: keep everything in a folder of its parent's."""
    global _inside
    _inside = folder


def home() -> Path:
    """Its path: the key to kept tokens is there too."""
    return Path(_home().name)


@lru_cache(maxsize=1)
def _opened() -> tuple[Store, bytes]:
    """One store for all lives of this process, so that statements are compiled once; and the bytes of an empty one."""
    file = home() / "store.db"
    store = Store(f"sqlite:///{file}")
    ensure(store)
    store.close()
    return store, file.read_bytes()


def new_store(world: World) -> Store:
    """An empty store that keeps the world's time."""
    store, empty = _opened()
    store.close()
    for name in ("store.db-wal", "store.db-shm"):
        (home() / name).unlink(missing_ok=True)
    (home() / "store.db").write_bytes(empty)
    store.clock = world.clock
    return store
