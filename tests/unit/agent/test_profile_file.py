"""The profile's TOML: the example is whole, and every mistake gets a sentence."""

from pathlib import Path

import pytest

from plausch.agent.config import example_text, load_business
from plausch.agent.profile_file import example_profile, load_profile
from plausch.agent.toml_reader import ConfigurationRefused
from plausch.domain.business import BusinessKind
from plausch.domain.profile import missing_in
from plausch.domain.profile_check import ProfileRefused
from plausch.domain.profile_codec import encode_profile, parse_body

SMALL = """
name = "Laden"
kind = "shop"
languages = ["de"]
time_zone = "Europe/Berlin"
[hours]
monday = ["9:00-18:00"]
tuesday = []
wednesday = []
thursday = []
friday = []
saturday = []
sunday = []
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "profile.toml"


@pytest.mark.parametrize("kind", BusinessKind)
def test_the_examples_can_go_public(file: Path, kind: BusinessKind) -> None:
    file.write_text(example_profile(kind), encoding="utf-8")
    profile = load_profile(file).profile
    assert missing_in(profile) == ()
    assert parse_body(encode_profile(profile)) == profile
    assert profile.privacy.in_language("en").startswith("We keep")
    assert "\n" not in profile.privacy.de
    assert profile.listed


@pytest.mark.parametrize("kind", BusinessKind)
def test_an_examples_page_says_what_its_agent_goes_by(file: Path, kind: BusinessKind) -> None:
    file.write_text(example_profile(kind), encoding="utf-8")
    profile = load_profile(file).profile
    file.write_text(example_text(kind), encoding="utf-8")
    business = load_business(file)
    assert (profile.name, profile.kind, profile.calendar, profile.telephone) == (
        business.name,
        kind,
        business.calendar,
        business.telephone,
    )


def test_the_commented_parts_of_the_example_are_right_too(file: Path) -> None:
    said = example_profile()
    for line in ("[[links]]", "label", "url", "[[pictures]]", "file", "text", "further"):
        said = said.replace(f"# {line}", line)
    file.write_text(said, encoding="utf-8")
    read = load_profile(file)
    assert read.profile.links[0].label == "Speisekarte"
    assert read.profile.privacy_url == "https://linde.example/datenschutz"
    assert read.pictures == ((file.parent / "garden.jpg", "Der Garten mit der Linde"),)


def test_a_small_profile_lacks_its_imprint_but_can_be_read(file: Path) -> None:
    file.write_text(SMALL)
    read = load_profile(file)
    assert "imprint.name" in missing_in(read.profile)
    assert not read.profile.listed


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('kind = "shop"', 'kind = "casino"', "kind must be one of"),
        ('name = "Laden"', "", "name is missing"),
        ('name = "Laden"', 'name = "La\u202eden"', "name must be one line"),
        ('languages = ["de"]', "languages = []", "languages must be 1 to"),
        (
            "[hours]",
            "lsited = true\n[hours]",
            "lsited is not a known setting: did you mean 'listed'",
        ),
        ("9:00-18:00", "9:00-8:00", "closes before it opens"),
        ("9:00-18:00", "9:00-18:00-", "write it as"),
        ("Europe/Berlin", "Europe/Atlantis", "no time zone"),
        ("[hours]", '[imprint]\nlegal_form = "Ltd"\n[hours]', "imprint.legal_form must be one of"),
        ("[hours]", '[imprint]\nvat_id = "12"\n[hours]', "imprint.vat_id must be a VAT id"),
        ("[hours]", "[imprint]\nfurther = 5\n[hours]", "imprint.further must be a text"),
        ("[hours]", '[[links]]\nlabel = "x"\nurl = "ftp://x"\n[hours]', "links must be an address"),
        ("[hours]", "[description]\nfr = 'x'\n[hours]", "description.fr is not a known setting"),
    ],
)
def test_mistakes(file: Path, before: str, after: str, sentence: str) -> None:
    file.write_text(SMALL.replace(before, after), encoding="utf-8")
    with pytest.raises((ConfigurationRefused, ProfileRefused), match=sentence.replace("(", r"\(")):
        load_profile(file)
