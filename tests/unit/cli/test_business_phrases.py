"""Both languages have the same places to fill, and each field that can be missing has a name."""

from phrase_places import places
from plausch.cli.business_phrases import BUSINESS_PHRASES
from plausch.cli.phrases import PHRASES
from plausch.domain.profile import missing_in
from unit.domain.profiles import BARE, with_imprint


def test_both_languages_say_the_same_things() -> None:
    for english, german in BUSINESS_PHRASES.values():
        assert places(english) == places(german)
        assert english and german
    assert BUSINESS_PHRASES.items() <= PHRASES.items()


def test_each_missing_field_has_a_name() -> None:
    registered = with_imprint(representative="", register="", register_number="")
    for field in (*missing_in(BARE), *missing_in(registered)):
        assert f"field_{field.replace('.', '_')}" in BUSINESS_PHRASES
