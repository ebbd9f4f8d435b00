"""Play seeds of the simulation of delivery, on all cores; replay one with its trace.

python tests/simulation/simulate.py --seeds 100000 --first 0
python tests/simulation/simulate.py --replay 4711
"""

import argparse
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "src")]

from simulation.run import Outcome, play  # noqa: E402  # found by the line above

CHUNK = 50
SAYS_EVERY_S = 5.0


def replay_command(seed: int) -> str:
    """What shows a seed again, step by step."""
    return f"python tests/simulation/simulate.py --replay {seed}"


def failure(outcome: Outcome) -> str:
    """A seed that failed, in words."""
    return f"seed {outcome.seed}: {'; '.join(outcome.problems)}\n  {replay_command(outcome.seed)}"


def play_chunk(seeds: range) -> tuple[int, int, float, list[str]]:
    """(seeds, what was acknowledged, the longest way to everything, failures)."""
    acknowledged, longest_s, failures = 0, 0.0, []
    for seed in seeds:
        outcome = play(seed)
        acknowledged += outcome.acknowledged
        longest_s = max(longest_s, outcome.converged_s)
        if not outcome.is_good:
            failures.append(failure(outcome))
    gc.collect()
    return len(seeds), acknowledged, longest_s, failures


def chunks(first: int, count: int) -> list[range]:
    """The seeds in pieces, each for one process."""
    end = first + count
    return [range(start, min(end, start + CHUNK)) for start in range(first, end, CHUNK)]


def played(first: int, count: int, processes: int) -> Iterator[tuple[int, int, float, list[str]]]:
    """As `play_chunk`, of all pieces, as they are done."""
    if processes == 1:
        yield from map(play_chunk, chunks(first, count))
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(play_chunk, chunks(first, count))


def report(results: Iterable[tuple[int, int, float, list[str]]], count: int) -> list[str]:
    """Say how far it is, now and then; all failures."""
    began_s = said_s = time.monotonic()
    done = total = 0
    longest_s, failures = 0.0, []
    for seeds, acknowledged, way_s, failed in results:
        done, total, longest_s = done + seeds, total + acknowledged, max(longest_s, way_s)
        failures += failed
        for one in failed:
            print(one, flush=True)
        if time.monotonic() - said_s > SAYS_EVERY_S or done == count:
            said_s = time.monotonic()
            print(
                f"{done} of {count} seeds in {said_s - began_s:.0f} s, {len(failures)} failed; "
                f"{total} acknowledged, everything everywhere after {longest_s:.1f} s at most",
                flush=True,
            )
    return failures


def replay(seed: int) -> int:
    """Print what happens, then what is wrong with it."""
    outcome = play(seed)
    print("\n".join(outcome.trace.lines()))
    if outcome.is_good:
        print(f"seed {seed}: every promise is kept")
        return 0
    print(failure(outcome))
    return 1


def main(arguments: list[str] | None = None) -> int:
    """0 when every seed is good."""
    parser = argparse.ArgumentParser(description="Simulate the delivery of messages.")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many (1000)")
    parser.add_argument("--first", type=int, default=0, help="the first one (0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", type=int, metavar="SEED", help="one seed, with its trace")
    given = parser.parse_args(arguments)
    if given.replay is not None:
        return replay(given.replay)
    results = played(given.first, given.seeds, given.processes)
    return 1 if report(results, given.seeds) else 0


if __name__ == "__main__":
    raise SystemExit(main())
