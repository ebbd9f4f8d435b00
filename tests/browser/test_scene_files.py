"""Pictures, files and voice notes between browsers and a device in Python."""

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.people import Person, Troupe, acquainted
from browser.pictures import PLACE, photograph, pixel_bomb, png

LARGE_BYTES = 30 * 1024 * 1024
COLOUR = (200, 30, 60)

_FIRST_PIXEL = """
(image) => {
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return [image.naturalWidth, image.naturalHeight, ...context.getImageData(5, 5, 1, 1).data];
}
"""


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def received_picture(person: Person) -> list[int]:
    """Width, height and a pixel of the newest picture that is shown, decrypted."""
    image = person.log.locator("img.sharp").last
    expect(image).to_be_visible()
    image.evaluate("(image) => image.decode()")
    found: list[int] = image.evaluate(_FIRST_PIXEL)
    return found


def test_a_picture_is_seen_by_the_other(troupe: Troupe, tmp_path: Path) -> None:
    anna = troupe.person("Anna", "de", "phone")
    ben = troupe.person("Ben", "en", "desktop")
    acquainted(anna, ben)
    anna.attaches(written(tmp_path / "urlaub.png", png(640, 480, COLOUR)))
    width, height, *pixel = received_picture(ben)
    assert (width, height) == (640, 480)
    assert all(abs(one - other) < 12 for one, other in zip(pixel, COLOUR, strict=False))
    ben.page.get_by_role("button", name=re.compile("urlaub")).click()
    expect(ben.page.get_by_role("dialog").locator("img").last).to_be_visible()
    ben.page.keyboard.press("Escape")
    expect(ben.page.get_by_role("dialog")).to_have_count(0)
    assert anna.complaints == ben.complaints == []
    assert anna.violations() == ben.violations() == []


@pytest.mark.parametrize("metadata_bytes", [0, 600_000], ids=["little", "much"])
def test_where_a_picture_was_taken_is_not_told(
    troupe: Troupe, tmp_path: Path, metadata_bytes: int
) -> None:
    """Also of files whose metadata is longer than what is looked at first."""
    anna = troupe.person("Anna", "de", "phone")
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    raw = photograph(anna.page, metadata_bytes=metadata_bytes)
    assert PLACE in raw and b"Exif" in raw
    anna.attaches(written(tmp_path / "foto.jpg", raw))
    heard = cem.hears()
    where = cem.do(heard.conversation.download(heard, tmp_path / "received.jpg"))
    sent = where.read_bytes()
    assert sent.startswith(b"\xff\xd8")
    assert PLACE not in sent and b"Exif" not in sent
    assert heard.stored.attachment is not None
    preview = heard.stored.attachment.preview
    assert preview is not None and PLACE not in preview.content


def test_a_large_file_shows_progress_can_be_cancelled_and_arrives(
    troupe: Troupe, tmp_path: Path
) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    ben = troupe.person("Ben", "de", "phone")
    acquainted(anna, ben)
    piece = hashlib.sha256(b"seed").digest() * 2048
    content = piece * (LARGE_BYTES // len(piece))
    large = written(tmp_path / "film.bin", content)

    anna.attaches(large)
    progress = anna.log.get_by_role("progressbar")
    expect(progress).to_be_visible()
    anna.button("file.cancel").click()
    expect(progress).to_have_count(0)

    anna.attaches(large)
    file = ben.log.get_by_role("button", name=re.compile("film"))
    expect(file).to_be_visible()
    with ben.page.expect_download() as download:
        file.click()
    assert download.value.suggested_filename == "film.bin"
    got = Path(download.value.path()).read_bytes()
    assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
    expect(file).to_have_count(1)
    assert anna.complaints == ben.complaints == []


def test_a_voice_note(troupe: Troupe) -> None:
    anna = troupe.person("Anna", "de", "phone")
    ben = troupe.person("Ben", "en", "desktop")
    acquainted(anna, ben)
    anna.button("composer.voice").click()
    clock = anna.page.get_by_role("timer")
    expect(clock).to_contain_text("0:01")
    anna.button("composer.sendRecording").click()
    expect(anna.button("file.play")).to_be_visible()
    ben.button("file.play").click()
    expect(ben.button("file.pause").or_(ben.button("file.play"))).to_be_visible()
    slider = ben.log.get_by_role("slider", name=ben.say("file.position"))
    expect(slider).not_to_have_value("0")
    assert anna.complaints == ben.complaints == []
    assert anna.violations() == ben.violations() == []


def test_a_pixel_bomb_is_refused_before_it_is_decoded(troupe: Troupe, tmp_path: Path) -> None:
    anna = troupe.person("Anna", "en", "desktop")
    cem = troupe.member("Cem")
    anna.begins_with(cem.name)
    anna.attaches(written(tmp_path / "bomb.png", pixel_bomb(50_000, 50_000)))
    anna.is_told("picture_bomb")
    anna.writes("still here")
    assert cem.hears().text == "still here"
