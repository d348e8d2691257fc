"""Have `bean-check`, a program of its own, judge the Beancount files of a pack, outside the pack's folder.

A ledger file can name plugins, which are code, and folders to load them from: a file that names any but Beancount's
own is not run, wherever in it the words stand, and of an archive nothing but ledger files is unpacked.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

_PROGRAM = "bean-check"
_TIMEOUT = 1800.0
_LEDGER, _LONGEST_NAME = ".beancount", 255
_KEPT_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LANG", "VIRTUAL_ENV")
_CODE = re.compile(rb'\bplugin\s*"(?!beancount\.plugins\.)[^"\s]+"|\boption\s*"insert_pythonpath"')
_AWAY = re.compile(rb'\binclude\s*"(?:/|[^"\n]*(?:\.\./|\\))')
MOST_BYTES = 2**30  # of an archive, unpacked
PERIOD, BOOK, _MAIN = "beancount/period.beancount", "beancount/book.zip", "main.beancount"


def check_proof(files: Mapping[str, bytes]) -> tuple[str, list[tuple[str, str]]]:
    """What was done, in words, and (file, what is wrong) for each complaint."""
    program = _find()
    if program is None:
        return "bean-check is not installed here: the Beancount files were not added up", []
    problems: list[tuple[str, str]] = []
    ran = []
    with tempfile.TemporaryDirectory(prefix="dealbooks-verify-") as folder:
        for name, parts in (
            (PERIOD, {"period.beancount": files.get(PERIOD, b"")}), (BOOK, _unzipped(files.get(BOOK))),
        ):  # fmt: skip
            if name not in files:
                continue
            if not parts:
                problems.append((name, "cannot be unpacked"))
            elif any(_CODE.search(text) or _AWAY.search(text) for text in parts.values()):
                problems.append((name, "names code or files of its own, and was not given to bean-check"))
            else:
                place = Path(folder) / name.replace("/", "-")
                problems += [(name, said) for said in _judged(program, place, parts)]
                ran.append(name)
    return f"bean-check over {' and '.join(ran)}" if ran else "no Beancount file could be checked", problems


def _find() -> Path | None:
    beside = Path(sys.executable).parent / _PROGRAM
    if beside.is_file() and os.access(beside, os.X_OK):
        return beside
    found = shutil.which(_PROGRAM)
    return Path(found) if found else None


def _unzipped(content: bytes | None) -> dict[str, bytes]:
    if content is None:
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = archive.infolist()
            names = [one.filename for one in listed]
            if len(set(names)) < len(names) or not all(map(_is_ours, names)) or _MAIN not in names:
                return {}
            if sum(one.file_size for one in listed) > MOST_BYTES:
                return {}
            return {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):  # NotImplementedError, too
        return {}


def _is_ours(name: str) -> bool:
    """Whether a pack of ours would name a file so: a ledger file in the archive's own folders."""
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\0" not in name
    plain = all(len(part.encode()) < _LONGEST_NAME for part in path.parts)
    return inside and plain and path.suffix == _LEDGER and not any(part.endswith(_LEDGER) for part in path.parts[:-1])


def _judged(program: Path, place: Path, parts: Mapping[str, bytes]) -> list[str]:
    """What bean-check says."""
    for name, text in parts.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    main = place / (_MAIN if _MAIN in parts else next(iter(parts)))
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    kept |= {"PYTHONUTF8": "1", "BEANCOUNT_DISABLE_LOAD_CACHE": "1"}
    try:
        done = subprocess.run(
            [str(program), "--json", str(main)], capture_output=True, env=kept, timeout=_TIMEOUT, check=False
        )
        errors = json.loads(done.stdout)["errors"]
        return [" ".join(f"bean-check, line {one['lineno'] or 0}: {one['message']}".split())[:300] for one in errors]
    except subprocess.TimeoutExpired:
        return [f"bean-check did not finish within {_TIMEOUT:.0f} seconds"]
    except (OSError, ValueError, KeyError, TypeError):
        return ["bean-check could not judge it"]
