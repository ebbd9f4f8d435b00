import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.errors import LocalError
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey, check_public_key, signed_bytes, verify

KEY = SigningKey.from_bytes(bytes(range(32)))
OTHER = SigningKey.from_bytes(bytes(32))

SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080",
]


def refused_code(public: bytes, label: str, payload: bytes, signature: bytes) -> str:
    with pytest.raises(IdentityRefused) as caught:
        verify(public, label, payload, signature)
    return caught.value.code


def test_rfc_8032_section_7_1_test_1() -> None:
    key = SigningKey.from_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign_raw(b"").hex().startswith("e5564300c360ac729086e2cc806e828a")


def test_a_signature_verifies_under_its_key_label_and_payload() -> None:
    verify(KEY.public, "login", b"payload", KEY.sign("login", b"payload"))


def test_the_signature_covers_context_label_and_payload() -> None:
    assert signed_bytes("login", b"x") == b"Plausch 1.0 login\0x"
    assert KEY.sign("login", b"x") == KEY.sign_raw(b"Plausch 1.0 login\0x")


@pytest.mark.parametrize(
    ("public", "label", "payload", "change"),
    [
        (OTHER.public, "login", b"payload", 0),
        (KEY.public, "device list", b"payload", 0),
        (KEY.public, "login", b"Payload", 0),
        (KEY.public, "login", b"payload", 1),
    ],
    ids=["other key", "other label", "other payload", "other signature"],
)
def test_another_key_label_payload_or_signature_is_refused(
    public: bytes, label: str, payload: bytes, change: int
) -> None:
    signature = bytearray(KEY.sign("login", b"payload"))
    signature[40] ^= change
    assert refused_code(public, label, payload, bytes(signature)) == "bad_signature"


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_a_wrong_length_is_refused(length: int) -> None:
    assert refused_code(KEY.public, "login", b"", bytes(length)) == "bad_signature"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_a_wrong_length_is_refused(length: int) -> None:
    assert refused_code(bytes(length), "login", b"", bytes(64)) == "bad_key"


@pytest.mark.parametrize("public", SMALL_ORDER)
def test_points_of_small_order_are_refused(public: str) -> None:
    with pytest.raises(IdentityRefused) as caught:
        check_public_key(bytes.fromhex(public))
    assert caught.value.code == "bad_key"


def test_a_forgery_under_the_neutral_element_is_refused() -> None:
    neutral = bytes([1]) + bytes(31)
    assert refused_code(neutral, "login", b"any", neutral + bytes(32)) == "bad_key"


def test_a_private_key_comes_back_from_its_bytes_and_stays_out_of_its_repr() -> None:
    key = SigningKey.generate()
    again = SigningKey.from_bytes(key.to_bytes())
    assert again.public == key.public
    assert key.to_bytes().hex() not in repr(key)


@pytest.mark.parametrize("length", [0, 31, 64])
def test_a_private_key_of_a_wrong_length_is_the_callers_fault(length: int) -> None:
    with pytest.raises(LocalError):
        SigningKey.from_bytes(bytes(length))


def test_generated_keys_differ() -> None:
    assert SigningKey.generate().public != SigningKey.generate().public


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=70))
def test_random_keys_and_signatures_only_ever_are_refused(
    public: bytes, payload: bytes, signature: bytes
) -> None:
    with pytest.raises(IdentityRefused):
        verify(public, "login", payload, signature)
