"""`plausch business`, as an owner would call it."""

import io
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from plausch.cli.business import TEXT_CHARACTERS, page_url
from plausch.cli.business_requests import ProfileRecord

from .conftest import Person, Plausch, Town


@pytest.fixture
def linde(plausch: Plausch, town: Town, tmp_path: Path) -> Path:
    """A business's home, with the example profile."""
    home = tmp_path / "linde"
    name = f"linde{abs(hash(str(tmp_path))) % 10**8}"
    ran = plausch("business", "init", "--server", town.url, "--name", name, "--home", home)
    assert ran.code == 0, ran.err
    return home


def published(plausch: Plausch, home: Path) -> str:
    """The profile is public; the address."""
    ran = plausch("business", "publish", "--home", home, "--json")
    assert ran.code == 0, ran.err
    return str(json.loads(ran.out)["address"])


def test_from_the_example_to_a_public_profile_and_back(
    plausch: Plausch, linde: Path, anna: Person
) -> None:
    address = published(plausch, linde)
    shown = plausch("business", "show", address, "--home", anna.home)
    assert shown.code == 0, shown.err
    for said in ("Zur Linde", "Restaurant", "Tue  11:30–14:30, 17:30–23:00", "Cem Yılmaz", "HRB"):
        assert said in shown.out
    german = plausch("--language", "de", "business", "show", "--home", linde)
    assert "Öffnungszeiten" in german.out and "Schwäbische Küche" in german.out
    gone = plausch("business", "withdraw", "--yes", "--home", linde)
    assert gone.code == 0 and address in gone.out
    ran = plausch("business", "show", address, "--home", anna.home)
    assert ran.code == 1 and "has no public profile" in ran.sentence


def test_the_directory(plausch: Plausch, linde: Path, anna: Person) -> None:
    address = published(plausch, linde)
    name = address.partition("@")[0]
    found = plausch("business", "search", name, "--place", "Augs", "--home", anna.home)
    assert found.out == f"{address}\tZur Linde\tRestaurant\t86150 Augsburg\n"
    none = plausch("business", "search", "nobodywithsuchaname", "--home", anna.home)
    assert none.code == 0 and "Nothing was found" in none.err
    ran = plausch("business", "search", name, "--kind", "shop", "--home", anna.home, "--json")
    assert json.loads(ran.out) == {"found": [], "more": False}
    ran = plausch("business", "search", "--kind", "casino", "--home", anna.home)
    assert ran.code == 2


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_missing_is_said_in_words(plausch: Plausch, linde: Path, language: str) -> None:
    file = linde / "profile.toml"
    text = file.read_text().replace('register_number = "HRB 12345"\n', "")
    file.write_text(text.replace('email = "post@linde.example"\ntelephone', "telephone"))
    for command in (("check", file), ("publish", "--home", linde)):
        ran = plausch("--language", language, "business", *command)
        assert ran.code == 1
        said = ran.sentence
        assert "imprint.email" in said and "imprint.register_number" in said
        assert ("Registernummer" in said) is (language == "de")


def test_a_profile_is_checked_without_a_server(plausch: Plausch, linde: Path) -> None:
    ran = plausch("business", "check", linde / "profile.toml")
    assert ran.code == 0 and "Zur Linde" in ran.out
    (linde / "profile.toml").write_text("name = 5")
    ran = plausch("business", "check", linde / "profile.toml")
    assert ran.code == 1 and "profile.toml: " in ran.sentence


def test_an_example_does_not_overwrite_and_options_belong_together(
    plausch: Plausch, linde: Path, tmp_path: Path
) -> None:
    ran = plausch("business", "init", "--home", linde)
    assert ran.code == 1 and "already" in ran.sentence
    ran = plausch("business", "init", "--home", tmp_path / "x", "--name", "x")
    assert ran.code == 2 and "together" in ran.sentence
    ran = plausch("business", "init", "--home", tmp_path / "new", "--json")
    assert json.loads(ran.out) == {"file": str(tmp_path / "new" / "profile.toml")}


def test_a_person_publishes_nothing(plausch: Plausch, linde: Path, anna: Person) -> None:
    ran = plausch("business", "publish", linde / "profile.toml", "--home", anna.home)
    assert ran.code == 1 and "Only a business" in ran.sentence
    ran = plausch("business", "publish", "--home", anna.home)
    assert ran.code == 1 and "plausch business init" in ran.sentence


def test_the_link_brings_a_text_along_where_the_server_does_not_see_it(
    plausch: Plausch, linde: Path
) -> None:
    ran = plausch("business", "link", "--text", "Tisch für 2 & mehr?", "--home", linde)
    assert ran.out.endswith("#text=Tisch%20f%C3%BCr%202%20%26%20mehr%3F\n")
    ran = plausch("business", "link", "--home", linde, "--json")
    url = urlsplit(json.loads(ran.out)["url"])
    assert url.scheme == "http" and url.path.startswith("/linde")
    assert url.port is not None
    ran = plausch("business", "link", "--text", "x" * (TEXT_CHARACTERS + 1), "--home", linde)
    assert ran.code == 2


def test_a_page_has_a_short_address() -> None:
    record = ProfileRecord(address="linde@example.org", server="http://127.0.0.1:7480")
    assert page_url(record) == "https://example.org/linde"


def test_the_page_of_a_server_of_this_machine_is_where_the_device_reaches_it() -> None:
    record = ProfileRecord(address="linde@localhost", server="http://localhost:7480/")
    assert page_url(record) == "http://localhost:7480/linde"
    assert page_url(record, "Hi!") == "http://localhost:7480/linde#text=Hi%21"


def test_exports(plausch: Plausch, linde: Path) -> None:
    published(plausch, linde)
    card = plausch("business", "export", "--as", "vcard", "--home", linde)
    assert card.out.startswith("BEGIN:VCARD") and "FN:Zur Linde" in card.out
    said = plausch("business", "export", "--as", "jsonld", "--home", linde)
    assert json.loads(said.out)["@type"] == "Restaurant"


def test_a_poster(plausch: Plausch, linde: Path, tmp_path: Path) -> None:
    ran = plausch("business", "poster", tmp_path / "a.pdf", "--home", linde)
    assert ran.code == 1 and "no public profile" in ran.sentence
    published(plausch, linde)
    for form in ("poster", "tent-a6"):
        file = tmp_path / f"{form}.pdf"
        ran = plausch("business", "poster", file, "--form", form, "--home", linde)
        assert ran.code == 0, ran.err
        assert file.read_bytes().startswith(b"%PDF-")


def test_pictures_are_published_with_the_profile(
    plausch: Plausch, linde: Path, anna: Person
) -> None:
    raw = io.BytesIO()
    Image.new("RGB", (20, 10), "green").save(raw, "PNG")
    (linde / "garden.png").write_bytes(raw.getvalue())
    with (linde / "profile.toml").open("a") as file:
        file.write('\n[[pictures]]\nfile = "garden.png"\ntext = "Garten"\n')
    published(plausch, linde)
    (linde / "garden.png").write_bytes(b"no picture")
    ran = plausch("business", "publish", "--home", linde)
    assert ran.code == 1 and "is no JPEG, PNG or WebP" in ran.sentence
