"""What may be a public picture."""

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from plausch.domain.profile import PICTURE_BYTES
from plausch.sdk.errors import FileRefused
from plausch.sdk.public_picture import picture_in, read_picture


def drawn(kind: str, size: tuple[int, int] = (31, 17), **options: Any) -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", size, "red").save(raw, kind, **options)
    return raw.getvalue()


@pytest.mark.parametrize(
    ("kind", "options", "media_type"),
    [
        ("PNG", {}, "image/png"),
        ("JPEG", {}, "image/jpeg"),
        ("JPEG", {"progressive": True}, "image/jpeg"),
        ("WEBP", {}, "image/webp"),
        ("WEBP", {"lossless": True}, "image/webp"),
    ],
)
def test_a_picture_and_its_size(
    tmp_path: Path, kind: str, options: dict[str, Any], media_type: str
) -> None:
    file = tmp_path / "picture"
    file.write_bytes(drawn(kind, **options))
    found = read_picture(file)
    assert (found.media_type, found.width, found.height) == (media_type, 31, 17)
    assert found.content == file.read_bytes()


def test_an_extended_webp_has_its_size_at_another_place() -> None:
    raw = io.BytesIO()
    Image.new("RGBA", (300, 200), (1, 2, 3, 0)).save(raw, "WEBP", exif=b"Exif\x00\x00II*\x00")
    found = picture_in(raw.getvalue())
    assert found is not None
    assert (found.width, found.height) == (300, 200)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_refused_for_it_says_where_somebody_was(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    file = tmp_path / "picture"
    file.write_bytes(drawn(kind, exif=exif))
    with pytest.raises(FileRefused, match="metadata"):
        read_picture(file)


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", b"GIF89a" + bytes(40), b"\xff\xd8", b"%PDF-1.7"]
)
def test_other_files_are_no_pictures(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "picture"
    file.write_bytes(content)
    with pytest.raises(FileRefused, match="is no JPEG, PNG or WebP"):
        read_picture(file)


def test_a_file_that_is_too_large_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "picture"
    file.write_bytes(drawn("PNG") + bytes(PICTURE_BYTES))
    with pytest.raises(FileRefused, match="512 KiB"):
        read_picture(file)
    with pytest.raises(FileRefused, match="cannot be read"):
        read_picture(tmp_path / "nowhere")


@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.integers(0, 60), st.binary(max_size=40))
def test_a_cut_or_hostile_picture_is_read_or_refused(kind: str, cut: int, rest: bytes) -> None:
    found = picture_in(drawn(kind)[:cut] + rest)
    assert found is None or min(found.width, found.height) > 0
