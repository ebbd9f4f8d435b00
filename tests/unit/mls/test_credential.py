"""Credentials of every type pass through; x509 chains are looked into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.codec import CodecError, opaque, u16
from plausch.mls.credential import BASIC, PLAUSCH, X509, Credential


@given(st.integers(0, 65535).filter(lambda number: number != X509), st.binary(max_size=300))
def test_round_trip(type: int, body: bytes) -> None:
    credential = Credential(type, body)
    assert Credential.from_bytes(credential.to_bytes()) == credential


def test_wire_form() -> None:
    assert Credential.basic(b"ann").to_bytes() == b"\x00\x01\x03ann"
    assert Credential(PLAUSCH, b"cert").to_bytes() == b"\xf0\xa1\x04cert"
    assert Credential.basic(b"ann").type == BASIC


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=4))
def test_x509_chain(certificates: list[bytes]) -> None:
    credential = Credential.from_bytes(Credential.x509(certificates).to_bytes())
    assert credential.certificates() == tuple(certificates)


@pytest.mark.parametrize("body", [b"", b"\x05abc", b"\x40\x01a"])
def test_malformed_chains(body: bytes) -> None:
    with pytest.raises(CodecError):
        Credential.from_bytes(u16(X509) + opaque(body))


def test_only_x509_has_certificates() -> None:
    with pytest.raises(CodecError, match="no certificates"):
        Credential.basic(b"ann").certificates()


def test_a_giant_credential() -> None:
    with pytest.raises(CodecError, match="at most"):
        Credential.from_bytes(u16(BASIC) + opaque(bytes(1 << 15)))


@given(st.binary(max_size=100))
def test_random_bytes(raw: bytes) -> None:
    try:
        credential = Credential.from_bytes(raw)
    except CodecError:
        return
    assert credential.to_bytes() == raw
