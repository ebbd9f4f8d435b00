"""A business's public profile from its TOML file; `examples/zur_linde_profile.toml` shows all."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from plausch.agent.config import TEMPLATES, read_calendar
from plausch.agent.toml_reader import Section, read_toml
from plausch.domain.business import BusinessKind
from plausch.domain.profile import (
    KINDS,
    LEGAL_FORMS,
    LINE_CHARACTERS,
    MOST_LINKS,
    MOST_PICTURES,
    NAME_CHARACTERS,
    URL_CHARACTERS,
    Address,
    Imprint,
    Link,
    Profile,
    Wording,
)
from plausch.domain.profile_check import check_profile


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A profile without its pictures, and their files with what is on them."""

    profile: Profile
    pictures: tuple[tuple[Path, str], ...]


def example_profile(kind: BusinessKind = BusinessKind.RESTAURANT) -> str:
    """The TOML of an example business's profile, to be written where a business begins."""
    folder = resources.files("plausch.agent") / "examples"
    return (folder / f"{TEMPLATES[kind]}_profile.toml").read_text(encoding="utf-8")


def load_profile(path: Path) -> ProfileFile:
    """The profile that a TOML file describes; what is missing of an imprint is not asked here.

    Raises ConfigurationRefused, ProfileRefused: one sentence with the place and what to do.
    """
    file = read_toml(path)
    privacy = file.section("privacy") if file.has("privacy") else None
    pictures = file.sections("pictures", _picture, 0, MOST_PICTURES)
    profile = Profile(
        name=file.text("name", NAME_CHARACTERS),
        kind=file.choice("kind", list(KINDS)),
        calendar=read_calendar(file),
        address=_address(file.section("address")) if file.has("address") else Address(),
        telephone=file.text("telephone", LINE_CHARACTERS, ""),
        email=file.text("email", LINE_CHARACTERS, ""),
        spoken=file.texts("languages", 'a list of languages such as ["de", "en"]'),
        description=_wording(file.section("description")) if file.has("description") else Wording(),
        privacy_url=privacy.text("url", URL_CHARACTERS, "") if privacy else "",
        privacy=_wording(privacy) if privacy else Wording(),
        imprint=_imprint(file.section("imprint")) if file.has("imprint") else Imprint(),
        links=file.sections("links", _link, 0, MOST_LINKS),
        listed=file.flag("listed", default=False),
    )
    file.finish()
    check_profile(profile)
    return ProfileFile(profile, tuple((path.parent / name, text) for name, text in pictures))


def _wording(section: Section) -> Wording:
    wording = Wording(section.paragraphs("de"), section.paragraphs("en"))
    section.finish()
    return wording


def _place(section: Section) -> Address:
    return Address(
        section.text("street", LINE_CHARACTERS, ""),
        section.text("postal_code", 16, ""),
        section.text("locality", NAME_CHARACTERS, ""),
        section.text("country", 2, "DE"),
    )


def _address(section: Section) -> Address:
    address = _place(section)
    section.finish()
    return address


def _imprint(section: Section) -> Imprint:
    imprint = Imprint(
        name=section.text("name", LINE_CHARACTERS, ""),
        legal_form=section.choice("legal_form", list(LEGAL_FORMS), ""),
        representative=section.text("representative", LINE_CHARACTERS, ""),
        address=_place(section),
        email=section.text("email", LINE_CHARACTERS, ""),
        telephone=section.text("telephone", LINE_CHARACTERS, ""),
        contact_url=section.text("contact_url", URL_CHARACTERS, ""),
        register=section.text("register", LINE_CHARACTERS, ""),
        register_number=section.text("register_number", LINE_CHARACTERS, ""),
        vat_id=section.text("vat_id", 16, ""),
        further=section.paragraphs("further"),
    )
    section.finish()
    return imprint


def _link(section: Section) -> Link:
    return Link(section.text("label", NAME_CHARACTERS), section.text("url", URL_CHARACTERS))


def _picture(section: Section) -> tuple[str, str]:
    return section.text("file", 200), section.text("text", LINE_CHARACTERS)
