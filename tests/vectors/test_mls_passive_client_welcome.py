"""passive-client-welcome.json: joining, with and without tree, with PSKs (RFC 9420, 12.4.3.1)."""

from pathlib import Path

from vectors.mls_passive import cases, follow


def test_joins(vectors: Path) -> None:
    chosen = cases(vectors, "passive-client-welcome")
    assert len(chosen) == 24
    for case in chosen:
        follow(case)
