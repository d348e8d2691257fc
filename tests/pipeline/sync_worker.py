"""A sync in a process of its own.

    python sync_worker.py DEALBOOKS_YAML

KILL_COMMIT=n kills it with SIGKILL before its n-th commit (n+ after it). It says how many commits there were, and what
could not be worked on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

from pipeline_support import Clock, LightValidator

from dealbooks.config import load_config
from dealbooks.house import House
from dealbooks.pipeline import sync as sync_module


def main() -> None:
    at = os.environ.get("KILL_COMMIT", "")
    before, after = (0, int(at[:-1])) if at.endswith("+") else (int(at or 0), 0)
    rows = int(os.environ.get("BATCH_ROWS", "1000"))
    sync_module.extract = partial(sync_module.extract, batch_rows=rows)  # type: ignore[attr-defined]
    commits = 0
    with House.open(load_config(Path(sys.argv[1])), actor="worker", clock=Clock()) as house:
        house.__dict__["validator"] = LightValidator()
        do_commit = house.store.engine.dialect.do_commit

        def counted(connection: Any) -> None:
            nonlocal commits
            commits += 1
            if commits == before:
                os.kill(os.getpid(), signal.SIGKILL)
            do_commit(connection)
            if commits == after:
                os.kill(os.getpid(), signal.SIGKILL)

        house.store.engine.dialect.do_commit = counted  # type: ignore[method-assign]
        result = sync_module.sync(house)
    sys.stdout.write(json.dumps({"commits": commits, "failures": result.failures, "exit": result.exit_code}))


main()
