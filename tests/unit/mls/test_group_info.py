"""GroupInfo: signed, read back, its extensions found."""

from dataclasses import replace

import pytest

from plausch.mls.errors import CodecError, KeyRefused, ProtocolError, ValidationError
from plausch.mls.extension import EXTERNAL_PUB, RATCHET_TREE
from plausch.mls.framing import WireFormat, mls_message
from plausch.mls.group_info import GroupInfo, parse_group_info
from plausch.mls.suite import suite
from unit.mls.group_players import Scene


def test_it_comes_back_and_verifies() -> None:
    anna = Scene.of("anna")["anna"]
    raw = anna.group.group_info()
    group_info = parse_group_info(raw)
    assert group_info.to_message() == raw
    assert GroupInfo.from_bytes(group_info.to_bytes()) == group_info
    group_info.verify(suite(1), anna.signature_key)
    assert group_info.extension(RATCHET_TREE) == anna.group.ratchet_tree()
    assert group_info.extension(EXTERNAL_PUB) is not None
    assert group_info.extension(0x7777) is None
    assert group_info.group_context == anna.group.context


def test_every_field_is_signed() -> None:
    anna = Scene.of("anna")["anna"]
    group_info = parse_group_info(anna.group.group_info())
    context = group_info.group_context
    for changed in (
        replace(group_info, signer=1),
        replace(group_info, confirmation_tag=b"x"),
        replace(group_info, extensions=()),
        replace(group_info, group_context=replace(context, epoch=1)),
        replace(group_info, signature=b"x" * 64),
    ):
        with pytest.raises(ValidationError) as caught:
            changed.verify(suite(1), anna.signature_key)
        assert caught.value.check == "group-info-signature"
    with pytest.raises(KeyRefused):
        group_info.verify(suite(1), b"short")


def test_what_is_none() -> None:
    with pytest.raises(CodecError):
        parse_group_info(mls_message(WireFormat.WELCOME, b""))
    raw = Scene.of("anna")["anna"].group.group_info()
    with pytest.raises(CodecError):
        parse_group_info(raw + b"\0")
    for end in range(0, len(raw), 7):
        with pytest.raises(ProtocolError):
            parse_group_info(raw[:end])
