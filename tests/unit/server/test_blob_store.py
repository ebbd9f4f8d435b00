"""The interface, and that the folder fills it."""

from pathlib import Path

from plausch.server.blob_store import SHARDS, BlobStore
from plausch.server.local_blobs import LocalBlobs


def test_the_first_byte_of_a_name_is_its_shard() -> None:
    assert SHARDS == 256


def test_a_folder_is_a_store(tmp_path: Path) -> None:
    store: BlobStore = LocalBlobs(tmp_path)
    for method in ("begin", "write", "finish", "read", "remove", "untouched", "close"):
        assert callable(getattr(store, method))
