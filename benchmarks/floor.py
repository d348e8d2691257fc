"""The least that posting durably can cost here: `python -m benchmarks.floor BOOKS FOLDER`.

One file an entry with an fsync of its own, and one row an entry in SQLite, committed by the hundred. The same number,
size and folders of files as the books that were just written, the settings of our store, and nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, String, Table

from dealbooks.store import Store

_GROUP = 100


def measure(books: Path, folder: Path) -> dict[str, float]:
    """Seconds for the files and for the rows, in all and by part."""
    contents = [
        (folder / path.relative_to(books), path.stat().st_size) for path in sorted(books.glob("*/ledger/*/*.beancount"))
    ]
    shutil.rmtree(folder, ignore_errors=True)
    for place in {path.parent for path, _ in contents}:
        place.mkdir(parents=True)
    byte = b"0" * max(size for _, size in contents)
    table = Table("entries", MetaData(), Column("id", String, primary_key=True), Column("size", Integer))
    store = Store(f"sqlite:///{folder / 'floor.db'}")
    table.metadata.create_all(store.engine)
    on_files = on_rows = 0.0
    with store.engine.connect() as conn:
        for start in range(0, len(contents), _GROUP):
            group = contents[start : start + _GROUP]
            began = time.perf_counter()
            for path, size in group:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
                os.write(handle, byte[:size])
                os.fsync(handle)
                os.close(handle)
            written = time.perf_counter()
            with conn.begin():
                rows = [(str(path.relative_to(folder)), size) for path, size in group]
                for row in rows:
                    conn.exec_driver_sql("INSERT INTO entries VALUES (?, ?)", row)
            on_files += written - began
            on_rows += time.perf_counter() - written
    store.close()
    return {"entries": len(contents), "seconds": on_files + on_rows, "files": on_files, "rows": on_rows}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
