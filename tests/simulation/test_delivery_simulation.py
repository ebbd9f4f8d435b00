"""Delivery under everything that goes wrong, a thousand times over, each time from a seed.

PLAUSCH_SEEDS sets how many (`make simulate`: 100,000, on all cores). A seed that fails says the one
command that shows it again.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation import mutants
from simulation.mutants import Mutant
from simulation.run import BOUND_S, Run, play
from simulation.simulate import main, play_chunk, replay_command

SEEDS = int(os.environ.get("PLAUSCH_SEEDS", "1000"))
PARTS = 8

PROGRAM = Path(__file__).with_name("simulate.py")

DAYS = (
    "is killed",
    "is told to stop",
    "dies at COMMIT",
    "stands still",
    "loses its line",
    "cannot reach NATS",
    "is away",
    "cuts",
    "forgets",
    "reads nothing",
    "goes offline",
    "has a slow line",
    "database_away True",
    "disk_full True",
    "answer_lost 0.3",
    "an hour ahead",
    "stale_epoch",
    "storage_unavailable",
    "joins",
    "Closing server_restart",
)


def part(number: int) -> range:
    return range(SEEDS * number // PARTS, SEEDS * (number + 1) // PARTS)


@pytest.mark.timeout(300 + SEEDS)
@pytest.mark.parametrize("number", range(PARTS))
def test_every_promise_is_kept_under_every_seed(number: int) -> None:
    seeds, acknowledged, longest_s, failures = play_chunk(part(number))
    assert not failures, "\n".join(failures)
    assert seeds == len(part(number))
    assert acknowledged >= seeds
    assert longest_s <= BOUND_S


# --- the same seed is the same run ---------------------------------------------------------


def test_a_seed_is_the_same_run_each_time() -> None:
    for seed in range(6):
        first, second = play(seed), play(seed)
        assert first.trace.lines() == second.trace.lines()
        assert first.trace.events


def test_different_seeds_are_different_runs() -> None:
    assert len({play(seed).trace.digest() for seed in range(8)}) == 8


def test_a_run_does_not_depend_on_how_python_hashes() -> None:
    found = set()
    for hash_seed in ("1", "2"):
        code = (
            f"import runpy, sys; sys.argv = ['x']; runpy.run_path({str(PROGRAM)!r}, run_name='x')\n"
            "from simulation.run import play\n"
            "print([play(seed).trace.digest() for seed in range(20, 25)])"
        )
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
    assert found.pop().startswith("['")


def test_runs_are_about_many_kinds_of_days() -> None:
    """The traces of some seeds hold each kind of fault, and what it leads to."""
    said = [event[2:] for seed in range(100, 130) for event in play(seed).trace.events]
    seen = "\n".join({" ".join(map(str, what[:4])) for what in said})
    missing = [words for words in DAYS if words not in seen]
    assert missing == []


# --- it notices what is broken ---------------------------------------------------------------

FOUND_WITHIN = 30
BROKEN: tuple[tuple[Mutant, int], ...] = (
    (mutants.acknowledges_before_commit, 0),
    (mutants.forgets_idempotency, 0),
    (mutants.neither_pushes_nor_repairs, 0),
    (mutants.never_repairs, 0),
    (mutants.tells_no_gateway, 0),
    (mutants.takes_two_commits, 10),
    (mutants.files_in_any_epoch, 0),
    (mutants.never_doubts_its_line, 5),
    (mutants.believes_what_is_sent, 5),
    (mutants.keeps_who_has_left, 0),
    (mutants.believes_its_roster, 0),
    (mutants.pushes_past_the_log, 0),
    (mutants.reads_beyond_a_stay, 120),
    (mutants.believes_any_clock, 40),
    (mutants.says_more_is_delivered, 0),
    (mutants.answers_retries_in_silence, 440),
    (mutants.forgets_a_dead_gateway, 1600),
)
"""And the seed to begin with: where it takes rare moments to notice, shortly before one of them."""


@pytest.mark.parametrize(("mutant", "first"), BROKEN)
def test_a_server_that_is_broken_is_found_out(mutant: Mutant, first: int) -> None:
    with mutant():
        seeds = range(first, first + FOUND_WITHIN)
        assert any(not play(seed).is_good for seed in seeds), mutant.__doc__


def test_a_failing_seed_says_how_to_see_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    with mutants.forgets_idempotency():
        assert main(["--seeds", "3", "--processes", "1"]) == 1
        said = capsys.readouterr().out
        assert "3 of 3 seeds" in said
        seed = int(said.partition("seed ")[2].partition(":")[0])
        assert replay_command(seed) in said
        assert main(["--replay", str(seed)]) == 1
        trace = capsys.readouterr().out
    assert "COMMIT" in trace and "-> Append" in trace and f"seed {seed}: " in trace
    assert main(["--replay", str(seed)]) == 0
    assert "every promise is kept" in capsys.readouterr().out


# --- what a run looks at ---------------------------------------------------------------------


def test_gateways_that_have_nobody_hold_nothing() -> None:
    run = Run(3)
    run.play()
    assert run.gateways
    assert all(gateway.hub.count == 0 for gateway in run.gateways)
    run.loop.close()
