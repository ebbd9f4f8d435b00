"""Live groups of plausch.mls with independent implementations, from printed seeds.

PLAUSCH_INTEROP_OPERATIONS raises the number of random operations (1,200 by default, over all
tests), PLAUSCH_INTEROP_SEED chooses other sequences. A failure prints its seed and story.
"""

import os

import pytest

from interop.ours import TS_MLS_XWING, xwing_by_another_number
from interop.play import Programs, play
from interop.programs import Program
from interop.world import seeds
from plausch.mls.suite import (
    MLS_128_P256_AES128,
    MLS_128_X25519_AES128,
    MLS_128_X25519_CHACHA,
    SUITES,
)

OPERATIONS = int(os.environ.get("PLAUSCH_INTEROP_OPERATIONS", "1200"))
SHARES = {"mls-rs": 10, "ts-mls": 10, "all": 4}
"""Seeds of each kind of group; every seed plays the same number of operations."""
STEPS = -(-OPERATIONS // sum(SHARES.values()))
TS_SUITES = (
    TS_MLS_XWING,
    MLS_128_X25519_AES128,
    MLS_128_P256_AES128,
    MLS_128_X25519_CHACHA,
)


@pytest.mark.parametrize("seed", seeds(SHARES["mls-rs"]))
def test_with_mls_rs(seed: int) -> None:
    world = play(seed, ("ours", "mls-rs"), MLS_128_X25519_AES128, STEPS)
    assert world.epochs > STEPS // 4


@pytest.mark.parametrize("seed", seeds(SHARES["ts-mls"]))
def test_with_ts_mls(seed: int, node: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUITES, TS_MLS_XWING, xwing_by_another_number())
    suite_id = TS_SUITES[seed % len(TS_SUITES)]
    world = play(seed, ("ours", "ts-mls"), suite_id, STEPS, Programs(ts_mls=node))
    assert world.epochs > STEPS // 4


@pytest.mark.parametrize("seed", seeds(SHARES["all"]))
def test_with_all_three(seed: int, node: Program) -> None:
    kinds = ("ours", "mls-rs", "ts-mls")
    world = play(seed, kinds, MLS_128_X25519_AES128, STEPS, Programs(ts_mls=node))
    assert world.epochs > STEPS // 4
