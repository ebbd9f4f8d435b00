import pytest

from plausch.base.errors import LocalError
from plausch.base.ids import DeviceAddress
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey
from plausch.identity.login import login_payload, sign_login, verify_login

KEY = SigningKey.from_bytes(bytes([2]) * 32)
OTHER = SigningKey.from_bytes(bytes([3]) * 32)
NONCE = bytes(range(32))
DEVICE = DeviceAddress.parse_uri("mimi://example.org/d/anna/0000000000000001")
LAPTOP = DeviceAddress.parse_uri("mimi://example.org/d/anna/0000000000000002")
ELSEWHERE = DeviceAddress.parse_uri("mimi://example.net/d/anna/0000000000000001")


def refused_code(public: bytes, domain: str, nonce: bytes, device: DeviceAddress) -> str:
    signature = sign_login(KEY, "example.org", NONCE, DEVICE)
    with pytest.raises(IdentityRefused) as caught:
        verify_login(public, domain, nonce, device, signature)
    return caught.value.code


def test_the_right_device_at_the_right_server_logs_in() -> None:
    signature = sign_login(KEY, "example.org", NONCE, DEVICE)
    verify_login(KEY.public, "example.org", NONCE, DEVICE, signature)


def test_the_payload_binds_domain_nonce_and_device() -> None:
    payloads = {
        login_payload("example.org", NONCE, DEVICE),
        login_payload("example.net", NONCE, DEVICE),
        login_payload("example.org", bytes(32), DEVICE),
        login_payload("example.org", NONCE, LAPTOP),
    }
    assert len(payloads) == 4


def test_another_key_is_refused() -> None:
    assert refused_code(OTHER.public, "example.org", NONCE, DEVICE) == "bad_signature"


def test_an_old_nonce_is_refused() -> None:
    assert refused_code(KEY.public, "example.org", bytes(32), DEVICE) == "bad_signature"


def test_another_device_is_refused() -> None:
    assert refused_code(KEY.public, "example.org", NONCE, LAPTOP) == "bad_signature"


def test_a_device_of_another_domain_is_refused() -> None:
    assert refused_code(KEY.public, "example.org", NONCE, ELSEWHERE) == "wrong_domain"


def test_a_login_relayed_to_another_server_is_refused() -> None:
    assert refused_code(KEY.public, "example.net", NONCE, ELSEWHERE) == "bad_signature"


def test_a_certificate_signature_is_no_login() -> None:
    payload = login_payload("example.org", NONCE, DEVICE)
    with pytest.raises(IdentityRefused):
        verify_login(
            KEY.public, "example.org", NONCE, DEVICE, KEY.sign("device certificate", payload)
        )


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_nonce_of_a_wrong_length_is_not_signed(length: int) -> None:
    with pytest.raises(LocalError):
        sign_login(KEY, "example.org", bytes(length), DEVICE)


def test_a_device_does_not_sign_for_another_domain() -> None:
    with pytest.raises(LocalError):
        sign_login(KEY, "example.net", NONCE, DEVICE)
