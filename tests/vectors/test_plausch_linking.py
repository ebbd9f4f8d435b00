"""spec/vectors/linking.json is what this code writes, and what it reads back."""

import json
from typing import Any

import pytest

from plausch.sdk.handover import read_handover
from plausch.sdk.pairing import (
    Sealed,
    ShownBy,
    check_keys,
    check_offer,
    message_bytes,
    open_sealed,
    parse_link,
    parse_message,
)
from vectors.plausch_linking import (
    DEVICE,
    DEVICE_KEY,
    FILE,
    HPKE_PRIVATE,
    IDENTITY,
    NOW_S,
    OFFER,
    PAIRING,
    cases,
    handover,
)


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    loaded = json.loads(FILE.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_published_cases_are_what_the_code_writes(published: dict[str, Any]) -> None:
    assert published == cases(bytes.fromhex(published["sealed"]))


def test_the_published_links_and_messages_are_read(published: dict[str, Any]) -> None:
    links = published["links"]
    code = parse_link(links["new"], links["server_url"])
    check_keys(code, OFFER)
    check_offer(PAIRING, OFFER)
    assert parse_link(links["existing"], links["server_url"]).shown_by is ShownBy.EXISTING
    for raw in map(bytes.fromhex, published["messages"]):
        assert message_bytes(parse_message(raw)) == raw


def test_the_published_handovers_are_read(published: dict[str, Any]) -> None:
    owner, staff, other = (
        read_handover(bytes.fromhex(published["handovers"][role]), DEVICE_KEY, "example.org", NOW_S)
        for role in ("owner", "staff", "owner_with_history")
    )
    assert owner.identity is not None
    assert owner.identity.public == IDENTITY.public
    assert staff.identity is None
    assert owner.device == staff.device == other.device == DEVICE


def test_what_was_sealed_once_opens(published: dict[str, Any]) -> None:
    sealed = parse_message(bytes.fromhex(published["sealed"]))
    assert isinstance(sealed, Sealed)
    assert open_sealed(HPKE_PRIVATE, PAIRING, sealed) == handover(is_staff=True).to_bytes()
