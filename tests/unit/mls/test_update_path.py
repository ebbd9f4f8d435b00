"""UpdatePath as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.errors import CodecError, ProtocolError
from plausch.mls.framing import parse_public_message
from plausch.mls.proposal import Commit
from plausch.mls.update_path import HpkeCiphertext, UpdatePath, UpdatePathNode
from unit.mls.group_players import ALL_SUITES, Scene


def path_of(suite_id: int) -> UpdatePath:
    """A real path, with several recipients at one node."""
    scene = Scene.of("anna", "bela", "cora", "dora", suite_id=suite_id)
    body = parse_public_message(scene["anna"].commit().commit).authenticated.content.body
    assert isinstance(body, Commit)
    assert body.path is not None
    return body.path


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_it_comes_back(suite_id: int) -> None:
    path = path_of(suite_id)
    raw = path.to_bytes()
    assert UpdatePath.from_bytes(raw) == path
    assert UpdatePath.from_bytes(raw).to_bytes() == raw
    assert [len(node.encrypted_path_secret) for node in path.nodes] == [1, 2]
    with pytest.raises(CodecError):
        UpdatePath.from_bytes(raw + b"\0")
    for end in range(0, len(raw), 11):
        with pytest.raises(ProtocolError):
            UpdatePath.from_bytes(raw[:end])


def test_ciphertexts_come_back() -> None:
    sealed = HpkeCiphertext(b"kem", b"ciphertext")
    assert sealed.to_bytes() == b"\3kem\x0aciphertext"
    assert HpkeCiphertext.from_bytes(sealed.to_bytes()) == sealed
    node = UpdatePathNode(b"key", (sealed, sealed))
    assert node.to_bytes() == b"\3key\x1e" + 2 * sealed.to_bytes()


@given(st.binary(max_size=200))
def test_random_bytes(raw: bytes) -> None:
    for parse in (UpdatePath.from_bytes, HpkeCiphertext.from_bytes):
        try:
            parse(raw)
        except ProtocolError:
            continue
