import os
from pathlib import Path

import pytest

from plausch.base.durable import sync_folder

OPEN_FILES = Path("/proc/self/fd")


def test_the_folder_itself_is_synced_and_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((OPEN_FILES / str(file)).resolve()))
    before = len(list(OPEN_FILES.iterdir()))
    sync_folder(tmp_path)
    assert synced == [tmp_path.resolve()]
    assert len(list(OPEN_FILES.iterdir())) == before


def test_what_is_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        sync_folder(tmp_path / "absent")
