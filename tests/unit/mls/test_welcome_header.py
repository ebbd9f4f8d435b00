"""The outside of a Welcome, as the delivery service sees it."""

from dataclasses import replace

import pytest

from plausch.mls.errors import CodecError, ValidationError
from plausch.mls.framing import WireFormat, mls_message
from plausch.mls.welcome import parse_welcome
from plausch.mls.welcome_header import (
    EncryptedGroupSecrets,
    SealedWelcome,
    check_welcome,
    welcome_references,
)
from unit.mls.group_players import refused

ONE = EncryptedGroupSecrets(b"1" * 32, b"kem", b"sealed")
TWO = EncryptedGroupSecrets(b"2" * 32, b"kem", b"sealed")
WELCOME = SealedWelcome(1, (ONE, TWO), b"encrypted")
RAW = WELCOME.to_message()
REFERENCES = (ONE.new_member, TWO.new_member)


def test_it_comes_back_and_is_what_the_newcomers_open() -> None:
    assert SealedWelcome.from_message(RAW) == WELCOME
    opened = parse_welcome(RAW)
    assert (opened.cipher_suite, opened.secrets) == (1, (ONE, TWO))
    assert opened.to_message() == RAW
    assert welcome_references(RAW) == REFERENCES


def test_one_secret_for_each_added_key_package_in_any_order() -> None:
    check_welcome(RAW, 1, REFERENCES)
    check_welcome(RAW, 1, REFERENCES[::-1])
    for references in (REFERENCES[:1], (*REFERENCES, b"3" * 32), (ONE.new_member,) * 2):
        refused("welcome-references", lambda given=references: check_welcome(RAW, 1, given))
    twice = replace(WELCOME, secrets=(ONE, ONE)).to_message()
    refused("welcome-references", lambda: check_welcome(twice, 1, REFERENCES))


def test_the_suite_is_the_groups() -> None:
    refused("welcome-suite", lambda: check_welcome(RAW, 2, REFERENCES))


def test_without_newcomers_there_is_none() -> None:
    check_welcome(b"", 1, ())
    refused("welcome-unasked", lambda: check_welcome(RAW, 1, ()))
    with pytest.raises(CodecError):
        check_welcome(b"", 1, REFERENCES)


def test_what_is_no_welcome() -> None:
    for raw in (b"", RAW[:-1], RAW + b"\0", mls_message(WireFormat.GROUP_INFO, b"")):
        for look in (
            SealedWelcome.from_message,
            welcome_references,
            lambda raw: check_welcome(raw, 1, REFERENCES),
        ):
            with pytest.raises((CodecError, ValidationError)):
                look(raw)
