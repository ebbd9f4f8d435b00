"""passive-client-handling-commit.json: following others' commits (RFC 9420 section 12.4.2)."""

from pathlib import Path

from vectors.mls_passive import cases, follow


def test_follows_commits(vectors: Path) -> None:
    chosen = cases(vectors, "passive-client-handling-commit")
    assert len(chosen) == 39
    assert sum(follow(case) for case in chosen) == 78
