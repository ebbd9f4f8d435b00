"""Welcome: sealed for some, opened by each of them, by nobody else."""

import pytest

from plausch.mls.errors import CodecError, DecryptionFailed
from plausch.mls.framing import WireFormat, mls_message
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.suite import suite
from plausch.mls.welcome import (
    GroupSecrets,
    parse_welcome,
    seal_welcome,
)
from plausch.mls.welcome_header import welcome_references
from unit.mls.group_players import ALL_SUITES, Scene, refused


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_each_newcomer_opens_its_own_secrets(suite_id: int) -> None:
    scene = Scene.of("anna", suite_id=suite_id)
    crypto = suite(suite_id)
    group_info = scene["anna"].group.state.epoch.group_info(True, False)
    bundles = [scene.newcomer(name).bundle() for name in ("bela", "cora")]
    psks = (PreSharedKeyId.external(b"id", b"n" * crypto.hash_length),)
    sent = [
        GroupSecrets(b"j" * crypto.hash_length, b"p" * crypto.hash_length, psks),
        GroupSecrets(b"j" * crypto.hash_length, None, ()),
    ]
    secret = b"w" * crypto.hash_length
    entries = [(bundle.key_package, one) for bundle, one in zip(bundles, sent, strict=True)]
    raw = seal_welcome(crypto, group_info, secret, entries).to_message()
    welcome = parse_welcome(raw)
    assert welcome.to_message() == raw
    assert welcome_references(raw) == tuple(bundle.ref for bundle in bundles)
    for bundle, one in zip(bundles, sent, strict=True):
        assert welcome.open_secrets(crypto, bundle.ref, bundle.init_private) == one
    assert welcome.open_group_info(crypto, secret) == group_info
    with pytest.raises(DecryptionFailed):
        welcome.open_secrets(crypto, bundles[0].ref, bundles[1].init_private)
    with pytest.raises(DecryptionFailed):
        welcome.open_group_info(crypto, b"x" * crypto.hash_length)
    refused(
        "welcome-for-us",
        lambda: welcome.open_secrets(crypto, b"?" * 32, bundles[0].init_private),
    )


def test_group_secrets_come_back() -> None:
    for secrets in (
        GroupSecrets(b"joiner", None, ()),
        GroupSecrets(b"joiner", b"path", (PreSharedKeyId.external(b"i", b"n"),)),
    ):
        assert GroupSecrets.from_bytes(secrets.to_bytes()) == secrets
    with pytest.raises(CodecError):
        GroupSecrets.from_bytes(b"\x41" + b"j" * 65 + b"\0\0")


def test_what_is_no_welcome() -> None:
    for raw in (b"", mls_message(WireFormat.GROUP_INFO, b""), mls_message(WireFormat.WELCOME, b"")):
        with pytest.raises(CodecError):
            parse_welcome(raw)
