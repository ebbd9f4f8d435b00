import base64
import hashlib
import re
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.ids import AccountAddress
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey
from plausch.identity.safety_number import (
    ITERATIONS,
    Party,
    check_scanned,
    is_qr_payload,
    is_same_number,
    parse_qr_payload,
    qr_payload,
    safety_number,
)

ANNA = Party(AccountAddress("anna", "example.org"), SigningKey.from_bytes(bytes([1]) * 32).public)
BEN = Party(AccountAddress("ben", "example.org"), SigningKey.from_bytes(bytes([2]) * 32).public)
MALLORY = SigningKey.from_bytes(bytes([3]) * 32).public


def code_of(*fields: object) -> str:
    raw = msgspec.msgpack.encode(fields)
    return "plausch-verify:" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refused_code(text: str) -> str:
    with pytest.raises(IdentityRefused) as caught:
        parse_qr_payload(text)
    return caught.value.code


def test_sixty_digits_in_groups_of_five() -> None:
    assert re.fullmatch(r"(\d{5} ){11}\d{5}", safety_number(ANNA, BEN))


def test_both_sides_see_the_same() -> None:
    assert safety_number(ANNA, BEN) == safety_number(BEN, ANNA)


def test_the_construction_is_signals() -> None:
    digest = b"\0\0" + ANNA.identity_key + b"mimi://example.org/u/anna"
    for _ in range(ITERATIONS):
        digest = hashlib.sha512(digest + ANNA.identity_key).digest()
    first_group = f"{int.from_bytes(digest[:5], 'big') % 100_000:05d}"
    assert first_group in safety_number(ANNA, BEN).split()[::6]


def test_another_key_or_address_changes_the_number() -> None:
    numbers = {
        safety_number(ANNA, BEN),
        safety_number(ANNA, Party(BEN.account, MALLORY)),
        safety_number(ANNA, Party(AccountAddress("ben", "example.net"), BEN.identity_key)),
        safety_number(Party(ANNA.account, MALLORY), BEN),
    }
    assert len(numbers) == 4


def test_a_compared_number_is_the_same_however_it_is_spaced_and_no_other() -> None:
    number = safety_number(ANNA, BEN)
    digits = number.replace(" ", "")
    for typed in (number, digits, "\t" + number.replace(" ", " \n") + " "):
        assert is_same_number(typed, number)
    for typed in ("", " ", "yes", digits[1:], digits + "0", number[:35]):
        assert not is_same_number(typed, number)


def test_a_code_is_told_from_a_number() -> None:
    assert is_qr_payload(qr_payload(ANNA, BEN))
    assert not is_qr_payload(safety_number(ANNA, BEN))


def test_one_code_has_one_text() -> None:
    """With another last character it is damaged, or the code of another key in its one form."""
    text = qr_payload(ANNA, BEN)
    for last in string.ascii_letters + string.digits + "-_+/=":
        changed = text[:-1] + last
        try:
            seen = parse_qr_payload(changed)
        except IdentityRefused:
            continue
        assert qr_payload(seen.shown_by, seen.shown_to) == changed


def test_a_scanned_code_of_the_same_conversation_verifies() -> None:
    check_scanned(qr_payload(ANNA, BEN), own=BEN, other=ANNA)


def scanned_code(shown: str) -> str:
    with pytest.raises(IdentityRefused) as caught:
        check_scanned(shown, own=BEN, other=ANNA)
    return caught.value.code


def test_a_replaced_key_on_either_side_is_noticed() -> None:
    assert scanned_code(qr_payload(Party(ANNA.account, MALLORY), BEN)) == "safety_number_differs"
    assert scanned_code(qr_payload(ANNA, Party(BEN.account, MALLORY))) == "safety_number_differs"


def test_somebody_elses_code_is_no_verification() -> None:
    carol = Party(AccountAddress("carol", "example.org"), MALLORY)
    assert scanned_code(qr_payload(carol, BEN)) == "wrong_party"
    assert scanned_code(qr_payload(ANNA, carol)) == "wrong_party"


def test_ones_own_code_is_no_verification() -> None:
    assert scanned_code(qr_payload(BEN, ANNA)) == "wrong_party"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("https://example.org", "malformed"),
        ("plausch-verify:", "malformed"),
        ("plausch-verify:%%%%", "malformed"),
        ("plausch-verify:ü", "malformed"),
        ("plausch-verify:A", "malformed"),
        ("plausch-verify:" + "A" * 2000, "malformed"),
        (qr_payload(ANNA, BEN) + "AAAA", "malformed"),
        (qr_payload(ANNA, BEN) + "=", "malformed"),
        (" " + qr_payload(ANNA, BEN), "malformed"),
        (code_of(2, ANNA.account.uri, MALLORY, BEN.account.uri, MALLORY), "unknown_version"),
        (code_of(1, "anna", MALLORY, BEN.account.uri, MALLORY), "malformed"),
        (code_of(1, ANNA.account.uri, b"", BEN.account.uri, MALLORY), "bad_key"),
        (code_of(1, ANNA.account.uri, MALLORY, BEN.account.uri), "malformed"),
        (code_of(1, ANNA.account.uri, MALLORY, BEN.account.uri, MALLORY, 1), "malformed"),
    ],
)
def test_damaged_codes_are_refused(text: str, code: str) -> None:
    assert refused_code(text) == code


@given(st.one_of(st.text(max_size=80), st.binary(max_size=80).map(lambda raw: code_of(raw))))
def test_random_text_raises_nothing_but_the_rooms_error(text: str) -> None:
    with pytest.raises(IdentityRefused):
        parse_qr_payload(text)
    with pytest.raises(IdentityRefused):
        parse_qr_payload("plausch-verify:" + text)
