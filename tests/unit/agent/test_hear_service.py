"""Services and people of a hairdresser, a shop and others, as guests name them."""

import pytest

from plausch.agent.hear_service import OfferedService, hear_people, hear_services

SALON = (
    OfferedService("women", "Damenhaarschnitt"),
    OfferedService("men", "Herrenhaarschnitt"),
    OfferedService("colour", "Färben"),
    OfferedService("both", "Färben und Schneiden"),
    OfferedService("beard", "Beard trim"),
    OfferedService("gold", "Goldpaket"),
)
PEOPLE = ("Maria", "Jonas", "Aylin")


def named(text: str, offered: tuple[OfferedService, ...] = SALON) -> list[str]:
    return [one.identifier for one in hear_services(text, offered)]


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("damenschnitt bitte", "women"),
        ("men's haircut", "men"),
        ("haare färben", "colour"),
        ("cut and colour", "both"),
        ("färben und schneiden", "both"),
        ("schneiden, färben", "both"),
        ("bart", "beard"),
        ("beard trim", "beard"),
        ("das goldpaket bitte", "gold"),
        ("no colour, just a men's cut", "men"),
    ],
)
def test_a_service_in_either_language(text: str, identifier: str) -> None:
    assert named(text) == [identifier]


@pytest.mark.parametrize("text", ["", "hallo", "massage", "färben und bart", "nicht färben"])
def test_no_service(text: str) -> None:
    assert named(text) == []


def test_of_several_that_fit_equally_none_is_chosen() -> None:
    assert named("haarschnitt") == ["women", "men", "both", "beard"]


def test_what_does_least_beyond_the_wish_fits_best() -> None:
    two = (OfferedService("wash", "Waschen, schneiden"), OfferedService("cut", "Schneiden"))
    assert named("einmal schneiden", two) == ["cut"]
    assert named("waschen und schneiden", two) == ["wash"]


def test_without_services_nothing_is_heard() -> None:
    assert named("schneiden", ()) == []


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("bei maria", ["Maria"]),
        ("with jonas please", ["Jonas"]),
        ("marias termin", ["Maria"]),
        ("maria oder jonas", ["Maria", "Jonas"]),
        ("nicht bei jonas, lieber bei maria", ["Maria"]),
        ("anyone but not with maria", []),
        ("hier ist maria", []),
        ("ich bin die maria", []),
        ("this is aylin, with maria please", ["Maria"]),
        ("mariannenplatz", []),
        ("", []),
    ],
)
def test_people(text: str, people: list[str]) -> None:
    assert hear_people(text, PEOPLE) == people


def test_a_name_with_signs_of_patterns_is_only_a_name() -> None:
    assert hear_people("bei a.*b", ("a.*b", "(")) == ["a.*b"]
