"""Live groups of both cores of Plausch, the TypeScript one under Node and in Chromium.

PLAUSCH_INTEROP_BROWSER_OPERATIONS raises the number of random operations (2,000 by default, over
all tests), PLAUSCH_INTEROP_SEED chooses other sequences. A failure prints its seed and story.
"""

import os

import pytest

from interop.core import Manner
from interop.ours import TS_MLS_XWING, xwing_by_another_number
from interop.peers import Wanted
from interop.play import OWN_KINDS, Programs, play
from interop.programs import Program
from interop.python_core import PythonCore
from interop.typescript_core import TypeScriptCore
from interop.world import World, seeds
from plausch.mls.suite import (
    MLS_128_P256_AES128,
    MLS_128_X25519_AES128,
    MLS_128_X25519_CHACHA,
    MLS_256_XWING,
    SUITES,
)

OPERATIONS = int(os.environ.get("PLAUSCH_INTEROP_BROWSER_OPERATIONS", "2000"))
SHARES = {"node": 12, "chromium": 12, "mls-rs": 8, "ts-mls": 4, "all": 4}
"""Seeds of each kind of group; every seed plays the same number of operations."""
STEPS = -(-OPERATIONS // sum(SHARES.values()))
SUITES_IN_TURN = (
    MLS_128_X25519_AES128,
    MLS_256_XWING,
    MLS_128_X25519_AES128,
    MLS_256_XWING,
    MLS_128_P256_AES128,
    MLS_128_X25519_CHACHA,
)
TS_SUITES = (
    TS_MLS_XWING,
    MLS_128_X25519_AES128,
    MLS_128_P256_AES128,
    MLS_128_X25519_CHACHA,
)


def lively(world: World) -> bool:
    return world.epochs > STEPS // 4


@pytest.mark.parametrize("seed", seeds(SHARES["node"]))
def test_both_cores_under_node(seed: int, browser_node: Program) -> None:
    suite_id = SUITES_IN_TURN[seed % len(SUITES_IN_TURN)]
    programs = Programs(browser_node=browser_node)
    assert lively(play(seed, ("ours", "browser-node"), suite_id, STEPS, programs))


@pytest.mark.parametrize("seed", seeds(SHARES["chromium"]))
def test_both_cores_in_chromium(seed: int, browser_chromium: Program) -> None:
    suite_id = SUITES_IN_TURN[seed % len(SUITES_IN_TURN)]
    programs = Programs(browser_chromium=browser_chromium)
    assert lively(play(seed, ("ours", "browser-chromium"), suite_id, STEPS, programs))


@pytest.mark.parametrize("seed", seeds(SHARES["mls-rs"]))
def test_both_cores_with_mls_rs(
    seed: int, browser_node: Program, browser_chromium: Program
) -> None:
    programs = Programs(browser_node=browser_node, browser_chromium=browser_chromium)
    kinds = (*OWN_KINDS, "mls-rs")
    assert lively(play(seed, kinds, MLS_128_X25519_AES128, STEPS, programs))


@pytest.mark.parametrize("seed", seeds(SHARES["ts-mls"]))
def test_both_cores_with_ts_mls(
    seed: int,
    node: Program,
    browser_node: Program,
    browser_chromium: Program,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SUITES, TS_MLS_XWING, xwing_by_another_number())
    suite_id = TS_SUITES[seed % len(TS_SUITES)]
    programs = Programs(node, browser_node, browser_chromium)
    assert lively(play(seed, (*OWN_KINDS, "ts-mls"), suite_id, STEPS, programs))


@pytest.mark.parametrize("seed", seeds(SHARES["all"]))
def test_everybody(
    seed: int, node: Program, browser_node: Program, browser_chromium: Program
) -> None:
    programs = Programs(node, browser_node, browser_chromium)
    kinds = (*OWN_KINDS, "mls-rs", "ts-mls")
    assert lively(play(seed, kinds, MLS_128_X25519_AES128, STEPS, programs))


def test_chromium_verifies_in_webcrypto(browser_chromium: Program) -> None:
    """Noble would stand in for it, and nobody would notice."""
    before = browser_chromium.ask("verifications", "")["count"]
    founder = PythonCore("m1", MLS_128_X25519_AES128)
    newcomer = TypeScriptCore(browser_chromium, "m2", MLS_128_X25519_AES128, web_crypto=True)
    founder.create(b"verified")
    wanted = Wanted(adds=(newcomer.key_package(),))
    manner = Manner(publicly=True, renewed=False, force_path=True, tree_in_welcome=True)
    _, welcome = founder.commit(wanted, manner)
    founder.accept()
    newcomer.join(welcome, None)
    assert newcomer.look() == founder.look()
    assert browser_chromium.ask("verifications", "")["count"] >= before + 3
    newcomer.close()
