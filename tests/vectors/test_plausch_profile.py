"""spec/vectors/profile.json is what this code writes, and what it reads back."""

import json
from typing import Any

import pytest

from plausch.domain.profile_check import ProfileRefused
from plausch.domain.profile_codec import encode_profile, parse_body
from plausch.identity.errors import IdentityRefused
from plausch.identity.profile import parse_profile
from vectors.plausch_profile import FILE, bodies, text

CASES: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_file_is_what_this_code_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == text()


def test_bodies_are_read_and_written_the_same() -> None:
    for (_, profile), case in zip(bodies(), CASES["bodies"], strict=True):
        raw = bytes.fromhex(case["body"])
        assert parse_body(raw) == profile
        assert encode_profile(profile) == raw


@pytest.mark.parametrize("case", CASES["refused_bodies"], ids=lambda case: case["name"])
def test_refused_bodies(case: dict[str, str]) -> None:
    with pytest.raises(ProfileRefused):
        parse_body(bytes.fromhex(case["body"]))


def test_signatures_and_numbers() -> None:
    known = bytes.fromhex(CASES["signed"]["raw"])
    assert parse_profile(known).seq == CASES["signed"]["seq"]
    assert parse_profile(bytes.fromhex(CASES["newer"])).supersedes(known)
    assert parse_profile(bytes.fromhex(CASES["withdrawn"])).is_withdrawn
    for name, code in (
        ("older", "profile_rollback"),
        ("fork", "profile_fork"),
        ("of_another_account", "profile_account"),
        ("by_another_key", "identity_key_changed"),
    ):
        with pytest.raises(IdentityRefused) as caught:
            parse_profile(bytes.fromhex(CASES[name])).supersedes(known)
        assert caught.value.code == code
    with pytest.raises(IdentityRefused) as caught:
        parse_profile(bytes.fromhex(CASES["altered"]))
    assert caught.value.code == "bad_signature"
