"""The link, the offer, the digits, and messages as bytes: the same as in the browser."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.identity.keys import SigningKey
from plausch.sdk.errors import SdkError
from plausch.sdk.pairing import (
    KEYS_HASH_BYTES,
    NAME_CHARACTERS,
    NO_NONCE,
    NONCE_BYTES,
    PAIRING_BYTES,
    Cancelled,
    Challenge,
    Commitment,
    Finished,
    LinkCode,
    Offered,
    PairingMessage,
    PairingRefused,
    Reveal,
    Sealed,
    ShownBy,
    check_commitment,
    check_keys,
    check_offer,
    commitment_to,
    keys_hash,
    link_text,
    make_hpke_keys,
    make_offer,
    message_bytes,
    open_sealed,
    parse_link,
    parse_message,
    seal_for,
    server_of,
    short_code,
)

SERVER_URL = "http://localhost:7480"
PAIRING = bytes(range(PAIRING_BYTES))
PRIVATE_KEY, HPKE_KEY = make_hpke_keys()
DEVICE_KEY = SigningKey.from_bytes(bytes([7]) * 32)
OFFER = make_offer(PAIRING, DEVICE_KEY, HPKE_KEY, "Tablet")
CODES = [
    LinkCode(ShownBy.NEW, PAIRING, keys_hash(OFFER)),
    LinkCode(ShownBy.EXISTING, PAIRING),
]
MESSAGES: list[PairingMessage] = [
    Offered(OFFER),
    Commitment(bytes(NONCE_BYTES)),
    Challenge(bytes(range(NONCE_BYTES))),
    Reveal(bytes(range(NONCE_BYTES)), OFFER),
    Sealed(b"output", b"text"),
    Finished(),
    Cancelled(),
]


def sdk_code(text: str, server_url: str = SERVER_URL) -> str:
    with pytest.raises(SdkError) as caught:
        parse_link(text, server_url)
    return caught.value.code


def refused(raw: bytes) -> str:
    with pytest.raises(PairingRefused) as caught:
        parse_message(raw)
    return caught.value.code


@pytest.mark.parametrize("code", CODES)
def test_a_link_is_written_and_read(code: LinkCode) -> None:
    text = link_text(SERVER_URL + "/", code)
    assert text.startswith(f"{SERVER_URL}/#/link/")
    assert parse_link(f"  {text}\n", SERVER_URL) == code
    assert server_of(text) == SERVER_URL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        f"{SERVER_URL}/#/link/",
        f"{SERVER_URL}/#/link/AA==",
        f"{SERVER_URL}/#/link/AQAB",
        link_text(SERVER_URL, CODES[1])[:-3],
        link_text(SERVER_URL, CODES[1]) + "AAAA",
        link_text(SERVER_URL, CODES[1]) + "é",
    ],
)
def test_what_is_no_link_is_told(text: str) -> None:
    assert sdk_code(text) == "bad_link"


def test_a_link_of_another_server_or_version_or_side_is_told() -> None:
    link = link_text(SERVER_URL, CODES[1])
    assert sdk_code(link, "https://example.org") == "other_server"
    assert sdk_code(f"{SERVER_URL}/#/link/Ag") == "link_version"
    assert sdk_code(f"{SERVER_URL}/#/link/AQk") == "bad_link"
    with pytest.raises(SdkError):
        server_of("AQAB")


def test_only_the_holder_of_the_key_offers_it() -> None:
    check_offer(PAIRING, OFFER)
    for pairing, offer in (
        (bytes(PAIRING_BYTES), OFFER),
        (PAIRING, replace(OFFER, name="Printer")),
        (PAIRING, replace(OFFER, device_key=SigningKey.generate().public)),
        (PAIRING, replace(OFFER, device_key=bytes(32))),
    ):
        with pytest.raises(PairingRefused):
            check_offer(pairing, offer)


@pytest.mark.parametrize("name", ["x" * 200, "🦜" * 200])
def test_a_long_name_is_cut_to_what_a_browser_takes(name: str) -> None:
    offer = make_offer(PAIRING, DEVICE_KEY, HPKE_KEY, name)
    assert len(offer.name.encode("utf-16-le")) == 2 * NAME_CHARACTERS
    check_offer(PAIRING, offer)


def test_the_code_and_the_commitment_prove_the_keys() -> None:
    check_keys(CODES[0], OFFER)
    with pytest.raises(PairingRefused, match="do not trust the server"):
        check_keys(CODES[0], replace(OFFER, name="Printer"))
    nonce = bytes([5]) * NONCE_BYTES
    check_commitment(commitment_to(nonce, OFFER), nonce, OFFER)
    with pytest.raises(PairingRefused):
        check_commitment(commitment_to(nonce, OFFER), NO_NONCE, OFFER)
    assert len(keys_hash(OFFER)) == KEYS_HASH_BYTES


@given(challenge=st.binary(min_size=32, max_size=32), nonce=st.binary(min_size=32, max_size=32))
def test_digits_are_six_and_depend_on_both_sides(challenge: bytes, nonce: bytes) -> None:
    digits = short_code(PAIRING, challenge, nonce, OFFER)
    assert len(digits) == 6
    assert digits.isdecimal()
    turned = bytes(byte ^ 1 for byte in challenge)
    others = {short_code(PAIRING, turned, nonce, OFFER), short_code(PAIRING, nonce, turned, OFFER)}
    assert others != {digits}


def test_what_is_sealed_opens_in_its_pairing_only() -> None:
    sealed = seal_for(HPKE_KEY, PAIRING, b"secret")
    assert open_sealed(PRIVATE_KEY, PAIRING, sealed) == b"secret"
    other, _ = make_hpke_keys()
    for private_key, pairing, altered in (
        (PRIVATE_KEY, bytes(PAIRING_BYTES), sealed),
        (other, PAIRING, sealed),
        (PRIVATE_KEY, PAIRING, replace(sealed, ciphertext=sealed.ciphertext + b"\0")),
        (PRIVATE_KEY, PAIRING, replace(sealed, kem_output=b"short")),
    ):
        with pytest.raises(PairingRefused) as caught:
            open_sealed(private_key, pairing, altered)
        assert caught.value.code == "link_altered"
    with pytest.raises(PairingRefused):
        seal_for(b"no key", PAIRING, b"secret")


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_are_written_and_read(message: PairingMessage) -> None:
    raw = message_bytes(message)
    assert raw[0] == MESSAGES.index(message)
    assert parse_message(raw) == message
    assert refused(raw + b"\0") == "link_not_understood"
    assert refused(raw[:-1]) == "link_not_understood"


@pytest.mark.parametrize("raw", [b"", b"\x07", b"\xff" * 40])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    assert refused(raw) == "link_not_understood"


def test_a_name_that_is_too_long_or_no_text_is_refused() -> None:
    for name in (b"\xff", b"x" * (NAME_CHARACTERS + 1)):
        raw = message_bytes(Offered(replace(OFFER, name="Tablet")))
        head, _, tail = raw.partition(b"\x06Tablet")
        assert refused(head + bytes([0x40 | len(name) >> 8, len(name) & 0xFF]) + name + tail)


@given(raw=st.binary(max_size=100))
def test_anything_is_a_message_or_is_refused(raw: bytes) -> None:
    try:
        assert message_bytes(parse_message(raw)) == raw
    except PairingRefused as error:
        assert error.code == "link_not_understood"
