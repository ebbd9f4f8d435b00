"""The fuzzer's targets (`make fuzz`) on their seeds and on seeds changed by chance: each reads it
or refuses it as documented. The chance is Hypothesis', the same in every run.
"""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.run import NAMES
from fuzz.targets import TARGETS, in_vectors

CHANGES = 60
"""Changed inputs of each target; the fuzzer itself tries millions."""

EDIT = st.tuples(st.integers(0, 3), st.integers(0, 2**16), st.binary(min_size=1, max_size=8))


def changed(raw: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Some bytes overwritten, put in, or taken away, and pieces said twice."""
    for kind, place, piece in edits:
        at = place % (len(raw) + 1)
        if kind == 0:
            raw = raw[:at] + piece + raw[at + len(piece) :]
        elif kind == 1:
            raw = raw[:at] + piece + raw[at:]
        elif kind == 2:
            raw = raw[:at] + raw[at + len(piece) :]
        else:
            raw = raw[:at] + raw[at - min(at, 64) : at] * len(piece) + raw[at:]
    return raw


def test_every_target_is_fuzzed() -> None:
    assert sorted(NAMES) == sorted(TARGETS)


@pytest.mark.parametrize("name", NAMES)
def test_seeds_lead_into_the_target(name: str) -> None:
    target = TARGETS[name]
    taken = [target.takes(one) for one in target.seeds()[:500]]
    assert any(taken), "every seed is refused: the target is not reached"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_changed_by_chance_is_read_or_refused(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()

    @settings(
        max_examples=CHANGES,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.integers(0, len(seeds) - 1), st.lists(EDIT, min_size=1, max_size=6))
    def try_one(number: int, edits: list[tuple[int, int, bytes]]) -> None:
        target.takes(changed(seeds[number], edits))

    try_one()


def test_a_fault_is_no_refusal() -> None:
    """What a target may raise are sentences of ours, and never Python's own errors."""
    for target in TARGETS.values():
        for kind in target.refusals:
            assert kind.__module__.startswith("plausch."), kind


def test_vectors_are_found() -> None:
    assert len(in_vectors("identity")) > 20
    sources = re.findall(
        r"in_vectors\(([^)]*)\)", (Path(__file__).parent / "targets.py").read_text()
    )
    assert len(sources) > 3
