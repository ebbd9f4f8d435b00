from typing import Any

import msgspec
import pytest

from plausch.base.errors import LocalError
from plausch.base.ids import AccountAddress
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey
from plausch.identity.profile import LABEL, SignedProfile, issue_profile, parse_profile

NOW_S = 1_800_000_000
IDENTITY = SigningKey.from_bytes(bytes([1]) * 32)
STRANGER = SigningKey.from_bytes(bytes([9]) * 32)
LINDE = AccountAddress("linde", "example.org")

FIELDS: dict[str, Any] = {
    "version": 1,
    "account": LINDE.uri,
    "identity_key": IDENTITY.public,
    "seq": 3,
    "issued_at_s": NOW_S,
    "body": b"body",
}


def forged(*, signer: SigningKey = IDENTITY, label: str = LABEL, **changed: Any) -> bytes:
    payload = msgspec.msgpack.encode(list((FIELDS | changed).values()))
    return msgspec.msgpack.encode((payload, signer.sign(label, payload)))


def refused_code(raw: bytes) -> str:
    with pytest.raises(IdentityRefused) as caught:
        parse_profile(raw)
    return caught.value.code


def numbered(seq: int, body: bytes = b"body", **changed: Any) -> SignedProfile:
    return parse_profile(forged(seq=seq, body=body, **changed))


def test_a_profile_says_what_went_in() -> None:
    raw = issue_profile(IDENTITY, LINDE, 3, NOW_S, b"body")
    assert raw == forged()
    assert parse_profile(raw) == SignedProfile(LINDE, IDENTITY.public, 3, NOW_S, b"body", raw)


def test_an_empty_body_withdraws_it() -> None:
    assert parse_profile(issue_profile(IDENTITY, LINDE, 4, NOW_S, b"")).is_withdrawn
    assert not parse_profile(forged()).is_withdrawn


def test_profiles_are_numbered_from_1() -> None:
    with pytest.raises(LocalError):
        issue_profile(IDENTITY, LINDE, 0, NOW_S, b"")
    assert refused_code(forged(seq=0)) == "malformed"


def test_a_server_cannot_forge_a_profile() -> None:
    """Neither by its own key under the business's name, nor by altering what was signed."""
    assert refused_code(forged(signer=STRANGER)) == "bad_signature"
    assert refused_code(forged(label="device list")) == "bad_signature"
    payload, signature = msgspec.msgpack.decode(forged())
    for place in range(len(payload)):
        altered = bytearray(payload)
        altered[place] ^= 1
        assert refused_code(msgspec.msgpack.encode((bytes(altered), signature))) in (
            "bad_signature",
            "malformed",
            "unknown_version",
            "bad_key",
        )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"version": 2}, "unknown_version"),
        ({"account": "mimi://example.org/r/x"}, "malformed"),
        ({"identity_key": b"short"}, "bad_key"),
        ({"identity_key": bytes(32)}, "bad_key"),
        ({"seq": 2**53}, "malformed"),
        ({"issued_at_s": -1}, "malformed"),
        ({"body": "text"}, "malformed"),
        ({"body": bytes(17 * 1024)}, "malformed"),
        ({"more": 1}, "malformed"),
    ],
)
def test_malformed_profiles(changed: dict[str, Any], code: str) -> None:
    assert refused_code(forged(**changed)) == code


def test_a_newer_profile_supersedes() -> None:
    assert numbered(4).supersedes(numbered(3).raw)
    assert numbered(9).supersedes(numbered(3).raw)
    assert not numbered(3).supersedes(numbered(3).raw)


@pytest.mark.parametrize(
    ("later", "code"),
    [
        (lambda: numbered(2), "profile_rollback"),
        (lambda: numbered(3, b"another"), "profile_fork"),
        (lambda: numbered(4, account=AccountAddress("b", "example.org").uri), "profile_account"),
        (
            lambda: numbered(4, signer=STRANGER, identity_key=STRANGER.public),
            "identity_key_changed",
        ),
    ],
)
def test_a_server_cannot_roll_back_a_profile(later: Any, code: str) -> None:
    with pytest.raises(IdentityRefused) as caught:
        later().supersedes(numbered(3).raw)
    assert caught.value.code == code


def test_a_withdrawn_profile_does_not_come_back() -> None:
    with pytest.raises(IdentityRefused):
        numbered(3).supersedes(numbered(4, b"").raw)
