"""When an island cannot be made: skipped where it is not permitted, else the test fails."""

import os
from pathlib import Path

import pytest

from islands import island


@pytest.fixture
def ip_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the program `ip` says when it fails, as it always does."""
    said = tmp_path / "said"
    for name in ("ip", "nsenter"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\ncat {said} >&2\nexit 2\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return said


def test_where_it_is_not_permitted_the_test_is_skipped(ip_says: Path) -> None:
    ip_says.write_text("mount --make-shared /run/netns failed: Operation not permitted\n")
    with pytest.raises(pytest.skip.Exception, match="no network namespaces: mount"), island("sea"):
        pass


def test_whatever_else_goes_wrong_fails_the_test(ip_says: Path) -> None:
    ip_says.write_text("RTNETLINK answers: File exists\n")
    with pytest.raises(AssertionError, match=r"ip netns add .*: .* File exists"), island("sea"):
        pass
