"""SIGKILL anywhere in a drain, then resume: the ledger equals that of an undisturbed run, byte for byte."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from scene import Scene, fill

DEALS_AT_POINTS = 6
DEALS_AT_MOMENTS = 210
KILLS = 190


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A small outbox, so that every event of a run can be a point to kill at."""
    scene = Scene(tmp_path_factory.mktemp("few") / "scene")
    scene.folder.mkdir()
    assert fill(scene.url, scene.ledger, DEALS_AT_POINTS) > 10
    return scene


@pytest.fixture(scope="module")
def undisturbed(few: Scene, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], list[str]]:
    """The books of a run that nobody killed, and its events."""
    scene = few.copy(tmp_path_factory.mktemp("undisturbed") / "scene")
    events = scene.folder / "events"
    assert scene.drain(EVENTS=str(events)) == 0
    assert set(scene.states().values()) == {"posted"}
    return scene.books(), events.read_text().splitlines()


def test_a_drain_commits_sends_reads_and_links(undisturbed: tuple[dict[str, str], list[str]]) -> None:
    assert {"commit", "send", "read", "link", "fsync"} <= set(undisturbed[1])


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_killed_before_and_after_every_event(
    few: Scene, undisturbed: tuple[dict[str, str], list[str]], tmp_path: Path
) -> None:
    books, events = undisturbed
    # fsync only makes durable what a kill cannot take back; every other event is a point, on both sides.
    points = [f"{number}{side}" for number, name in enumerate(events, 1) if name != "fsync" for side in ("", "+")]
    killed: Counter[str] = Counter()
    for point in points:
        scene = few.copy(tmp_path / f"at-{point}")
        if scene.drain(KILL_AT=point) == -9:
            killed[events[int(point.rstrip("+")) - 1]] += 1
        assert scene.drain() == 0
        assert scene.books() == books, f"killed at {point}"
        assert set(scene.states().values()) == {"posted"}
        assert scene.proven()
    assert sum(killed.values()) == len(points)
    print("kills at points:", dict(killed))


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_killed_at_random_moments(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    moments = random.Random(seed)
    full = Scene(tmp_path / "full")
    full.folder.mkdir()
    fill(full.url, full.ledger, DEALS_AT_MOMENTS)
    calm = full.copy(tmp_path / "calm")
    took = tmp_path / "seconds"
    assert calm.drain(SECONDS=str(took)) == 0
    seconds = float(took.read_text())
    books = calm.books()

    kills: Counter[str] = Counter()
    in_between = 0
    number = 0
    while sum(kills.values()) < KILLS:
        number += 1
        scene = full.copy(tmp_path / f"run-{number}")
        for _ in range(6):
            if scene.drain(KILL_AFTER=f"{moments.uniform(0.0, seconds):.4f}") == 0:
                break
            states = Counter(scene.states().values())
            kills["while sending" if states["sending"] else "between batches"] += 1
            in_between += bool(scene.between_effect_and_record())
        assert scene.drain() == 0
        assert scene.books() == books, f"seed {seed}, run {number}"
        assert set(scene.states().values()) == {"posted"}
        assert scene.proven()
    print(f"seed {seed}: {dict(kills)}, {in_between} of them between an effect and its record")
    assert in_between >= 50
