from dataclasses import replace

import pytest

from plausch.domain.profile import KINDS, LEGAL_FORMS, Address, Profile, Wording, is_box, missing_in
from unit.domain.profiles import BARE, IMPRINT, LINDE, with_imprint


def test_a_whole_profile_may_go_public() -> None:
    assert missing_in(LINDE) == ()


def test_a_bare_profile_lacks_everything_in_the_order_of_an_imprint() -> None:
    assert missing_in(BARE) == (
        "imprint.name",
        "imprint.legal_form",
        "imprint.street",
        "imprint.postal_code",
        "imprint.locality",
        "imprint.email",
        "imprint.telephone",
        "privacy",
    )


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        (with_imprint(name=""), "imprint.name"),
        (with_imprint(legal_form=""), "imprint.legal_form"),
        (with_imprint(representative=""), "imprint.representative"),
        (with_imprint(address=replace(IMPRINT.address, street="")), "imprint.street"),
        (with_imprint(address=replace(IMPRINT.address, street="Postfach 12")), "imprint.street"),
        (with_imprint(address=replace(IMPRINT.address, postal_code="")), "imprint.postal_code"),
        (with_imprint(address=replace(IMPRINT.address, locality="")), "imprint.locality"),
        (with_imprint(email=""), "imprint.email"),
        (with_imprint(telephone=""), "imprint.telephone"),
        (with_imprint(register=""), "imprint.register"),
        (with_imprint(register_number=""), "imprint.register_number"),
        (replace(LINDE, privacy=Wording(), privacy_url=""), "privacy"),
    ],
)
def test_each_missing_field_is_named(profile: Profile, field: str) -> None:
    assert missing_in(profile) == (field,)


def test_a_sole_trader_needs_neither_register_nor_representative() -> None:
    assert not missing_in(
        with_imprint(legal_form="sole trader", representative="", register="", register_number="")
    )


def test_a_contact_form_stands_for_the_telephone() -> None:
    assert not missing_in(with_imprint(telephone="", contact_url="https://linde.example/schreiben"))


def test_nobody_has_to_have_a_vat_id() -> None:
    assert not missing_in(with_imprint(vat_id=""))


def test_a_page_about_privacy_stands_for_the_note() -> None:
    assert not missing_in(replace(LINDE, privacy=Wording()))


@pytest.mark.parametrize("form", [name for name, form in LEGAL_FORMS.items() if form.registered])
def test_a_registered_form_names_its_register(form: str) -> None:
    assert "imprint.register" in missing_in(with_imprint(legal_form=form, register=""))


@pytest.mark.parametrize("street", ["Postfach 1", "post fach 2", "P.O. Box 7", "PO Box 7"])
def test_a_post_box_is_no_street(street: str) -> None:
    assert is_box(street)


def test_a_street_is_no_post_box() -> None:
    assert not is_box("Postgasse 4")


def test_a_wording_is_read_in_the_other_language_if_there_is_none_in_ours() -> None:
    assert Wording("Hallo", "").in_language("en") == "Hallo"
    assert Wording("Hallo", "Hello").in_language("en") == "Hello"
    assert Wording("Hallo", "Hello").in_language("de") == "Hallo"
    assert not Wording()
    assert Wording(en="x")


def test_each_kind_has_a_type_and_two_names() -> None:
    for kind in KINDS.values():
        assert kind.schema_type.isalpha()
        assert kind.in_language("de") == kind.de
        assert kind.in_language("fr") == kind.en


def test_an_address_is_german_unless_it_says_otherwise() -> None:
    assert Address().country == "DE"
