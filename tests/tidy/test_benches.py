"""What the benches stand on: addresses for a crowd, a folder on the disk."""

import os
import socket
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bench(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its programs import each other by name."""
    monkeypatch.syspath_prepend(root / "bench")


@pytest.fixture
def crowd(bench: None) -> ModuleType:
    return import_module("crowd")


@pytest.fixture
def fleet(bench: None) -> ModuleType:
    return import_module("fleet")


def test_each_of_a_crowd_has_an_address_of_its_own(crowd: ModuleType) -> None:
    assert len({crowd.address_of(number) for number in range(70_000)}) == 70_000


@pytest.mark.parametrize("number", [0, 127, 128, 255, 256, 65_535, 65_536, (254 << 16) - 1])
def test_and_one_of_this_machine(crowd: ModuleType, number: int) -> None:
    with socket.socket() as plug:
        plug.bind((crowd.address_of(number), 0))


def test_what_a_killed_bench_left_goes_a_day_later(
    fleet: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    left, working, other = (
        tmp_path / f"{name}-x" for name in ("plausch-bench", "plausch-bench-y", "z")
    )
    for one in (left, working, other):
        one.mkdir()
        (one / "file").touch()
    for one in (left, other):
        os.utime(one, (1, 1))
    with fleet.Folder() as folder:
        assert folder.parent == tmp_path
        assert {one.name for one in tmp_path.iterdir()} == {working.name, other.name, folder.name}
    assert not folder.exists()
