# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["duckdb==2.0.0", "datacompy==1.1.0"]
# ///
"""What others do with the same frames: `uv run --script benchmarks/close_others.py WHAT FOLDER`.

WHAT is `duckdb` (a full outer join, and which columns differ) or `datacompy` (its comparison). In an environment of
their own, locked beside this file: datacompy asks for an older pandas, and brings Arrow, which would change the pandas
that everything else is measured with. DuckDB is under the MIT licence, datacompy under Apache-2.0. Prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # `benchmarks`, not what is in it

import pandas as pd  # noqa: E402

from benchmarks.close_frames import load_frame  # noqa: E402
from benchmarks.process import forget_peak, memory_mib, peak_mib  # noqa: E402

RUNS = 3
COMPARED = ("day", "account", "currency", "amount", "tax_code", "location", "department", "stock_no")


def by_duckdb(ours: pd.DataFrame, theirs: pd.DataFrame, on: list[str]) -> int:
    """How many rows do not agree, after a full join; one thread, as pandas has."""
    import duckdb

    differs = " or ".join(f"o.{name} is distinct from t.{name}" for name in COMPARED)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("ours", ours)
        connection.register("theirs", theirs)
        names = ", ".join(on)
        query = f"create table joined as select *, {differs} as differs from ours o full join theirs t using ({names})"
        connection.execute(query)
        [found] = connection.execute("select count(*) from joined where differs").fetchone() or (0,)
    return int(found)


def by_datacompy(ours: pd.DataFrame, theirs: pd.DataFrame, on: list[str]) -> int:
    """How many rows do not agree. A key twice is paired by its order."""
    import datacompy

    columns = [*on, *COMPARED]
    compared = datacompy.PandasCompare(ours[columns], theirs[columns], join_columns=on)
    differing = len(compared.intersect_rows) - compared.count_matching_rows()
    return int(differing + len(compared.df1_unq_rows) + len(compared.df2_unq_rows))


def main() -> None:
    """Measure one of them."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    ours, theirs = load_frame(folder / "ours.npz"), load_frame(folder / "theirs.npz")
    on = ["key", "line"] if ours["line"].any() else ["key"]
    held = memory_mib()
    forget_peak()
    seconds: list[float] = []
    used: list[float] = []
    found = 0
    for _ in range(RUNS):
        began, cpu = time.perf_counter(), time.process_time()
        found = (by_duckdb if what == "duckdb" else by_datacompy)(ours, theirs, on)
        seconds.append(round(time.perf_counter() - began, 3))
        used.append(round(time.process_time() - cpu, 3))
    print(json.dumps({
        "seconds": sorted(seconds)[RUNS // 2], "runs": seconds, "cpu": sorted(used)[RUNS // 2], "rows": found,
        "held_mib": round(held, 1),
        "peak_mib": round(peak_mib(), 1), "version": version(what), "pandas": version("pandas"),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
