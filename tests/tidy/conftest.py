"""What the repository's own checks look at: every file that git tracks, and the parsed sources."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tracked_files() -> list[Path]:
    """Every file that is in the index or that a commit would add; sorted."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    names = [name for name in listing.decode().split("\0") if name]
    return sorted(ROOT / name for name in set(names) if (ROOT / name).is_file())


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> Sequence[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("these checks look at what git tracks; this is not a git checkout")
    return tracked_files()


@pytest.fixture(scope="session")
def sources() -> Sequence[Path]:
    """The product's own Python files."""
    return sorted((ROOT / "src" / "plausch").rglob("*.py"))


@pytest.fixture(scope="session")
def programs() -> Sequence[Path]:
    """All Python files: the product, its tests, its benches."""
    return sorted(
        path
        for folder in ("src", "tests", "bench", "packaging")
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
    )
