"""spec/vectors/identity.json is what this code writes, and what it reads back."""

import json
from typing import Any

import pytest

from plausch.base.ids import DeviceAddress
from plausch.identity.certificate import parse_certificate
from plausch.identity.device_list import parse_device_list
from plausch.identity.errors import IdentityRefused
from plausch.identity.login import verify_login
from plausch.identity.safety_number import parse_qr_payload, safety_number
from vectors.plausch_identity import FILE, cases


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    loaded = json.loads(FILE.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_published_cases_are_what_the_code_writes(published: dict[str, Any]) -> None:
    assert published == cases()


def test_the_published_objects_parse(published: dict[str, Any]) -> None:
    keys, login = published["keys"], published["login"]
    certificate = parse_certificate(bytes.fromhex(published["certificate"]["signed"]))
    assert certificate.signature_key.hex() == keys["phone_public"]
    first, second, third = (bytes.fromhex(each["signed"]) for each in published["device_lists"])
    parse_device_list(second).follows(first)
    parse_device_list(third).follows(second)
    named = [list(one) for one in parse_device_list(third).staff]
    assert named == published["device_lists"][2]["staff"]
    verify_login(
        bytes.fromhex(keys["phone_public"]),
        login["domain"],
        bytes.fromhex(login["nonce"]),
        DeviceAddress.parse_uri(login["device"]),
        bytes.fromhex(login["signature"]),
    )
    seen = parse_qr_payload(published["safety_number"]["qr_shown_by_one"])
    assert safety_number(seen.shown_by, seen.shown_to) == published["safety_number"]["digits"]


def test_the_published_refusals_are_refusals(published: dict[str, Any]) -> None:
    refused = published["refused"]
    for parse, name in ((parse_certificate, "certificates"), (parse_device_list, "device_lists")):
        for case in refused[name]:
            with pytest.raises(IdentityRefused) as caught:
                parse(bytes.fromhex(case["signed"]))
            assert caught.value.code == case["code"], case
    for case in refused["qr"]:
        with pytest.raises(IdentityRefused) as caught:
            parse_qr_payload(case["text"])
        assert caught.value.code == case["code"], case


def test_the_published_successions_are_judged_alike(
    published: dict[str, Any],
) -> None:
    for case in published["successions"]:
        shown, known = (bytes.fromhex(case[name]) for name in ("shown", "known"))
        if not case["code"]:
            assert parse_device_list(shown).supersedes(known) is (shown != known)
            continue
        with pytest.raises(IdentityRefused) as caught:
            parse_device_list(shown).supersedes(known)
        assert caught.value.code == case["code"]
