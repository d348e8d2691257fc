"""One time for several processes: kept in a file that all of them have mapped, it passes when one of them sleeps."""

from __future__ import annotations

import fcntl
import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sandbox.kit import VirtualClock

_FORM = struct.Struct("<q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SharedClock(VirtualClock):
    """A virtual clock whose time is in a file. Made of one that others hold already, by `share`."""

    _file: BinaryIO
    _map: mmap.mmap

    @property
    def _now(self) -> datetime:  # type: ignore[override]
        (microseconds,) = _FORM.unpack_from(self._map)
        return _EPOCH + timedelta(microseconds=microseconds)

    @_now.setter
    def _now(self, moment: datetime) -> None:
        _FORM.pack_into(self._map, 0, (moment - _EPOCH) // timedelta(microseconds=1))

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass for everybody."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            super().sleep(seconds)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


def share(clock: VirtualClock, file: Path) -> None:
    """From now on this clock, wherever it is held, shows the time of the file; a new file begins with its time."""
    if not file.exists():
        file.write_bytes(_FORM.pack((clock.now() - _EPOCH) // timedelta(microseconds=1)))
    clock.__class__ = SharedClock
    assert isinstance(clock, SharedClock)
    clock._file = file.open("r+b")
    clock._map = mmap.mmap(clock._file.fileno(), _FORM.size)
