"""The cases of spec/vectors/profile.json: signed profiles, what they say, and what is refused.

In the folder tests, after a change of the format, write it anew with:
python -m vectors.plausch_profile
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from plausch.base.ids import AccountAddress
from plausch.domain.calendar import Span
from plausch.domain.profile import LEGAL_FORMS, Address, Profile, Wording, missing_in
from plausch.domain.profile_codec import MAX_BODY_BYTES, encode_profile
from plausch.identity.keys import SigningKey
from plausch.identity.profile import issue_profile
from unit.domain.profiles import BARE, LINDE, with_hours, with_imprint
from vectors.plausch_wire import camel

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "profile.json"
KEY = SigningKey.from_bytes(bytes([1]) * 32)
STRANGER = SigningKey.from_bytes(bytes([2]) * 32)
ACCOUNT = AccountAddress("linde", "example.org")
NOW_S = 1_800_000_000

WORLD = replace(LINDE, name="Café Yılmaz 寿司 🍕 L'Été", description=Wording("", "a\n\nb"))


def said(value: Any) -> Any:
    """A value as JSON: bytes in hex, spans as pairs, names as other languages write them."""
    match value:
        case bytes():
            return value.hex()
        case date():
            return value.isoformat()
        case {"opens_minute": opens, "closes_minute": closes}:
            return [opens, closes]
        case dict():
            return {camel(key): said(one) for key, one in value.items() if one is not None}
        case list() | tuple():
            return [said(one) for one in value]
    return value


def bodies() -> Iterator[tuple[str, Profile]]:
    """Profiles that are accepted."""
    yield "whole", LINDE
    yield "bare", BARE
    yield "letters of the world", WORLD
    yield (
        "a night that ends when the next day begins",
        with_hours(weekly=((Span(600, 1_940),), (Span(500, 700),), *((),) * 5)),
    )
    yield "another country", with_imprint(vat_id="ATU12345678")


def changed(*place: int, value: object) -> bytes:
    """The whole profile's body with one value exchanged."""
    fields = msgspec.msgpack.decode(encode_profile(LINDE))
    inner = fields
    for index in place[:-1]:
        inner = inner[index]
    inner[place[-1]] = value
    return msgspec.msgpack.encode(fields)


def refused_bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies that are refused, each for one reason."""
    whole = encode_profile(LINDE)
    yield "nothing", b""
    yield "trailing bytes", whole + b"\0"
    yield "a longer encoding", b"\xdc\x00" + bytes([whole[0] & 0x0F]) + whole[1:]
    yield "too long", bytes(MAX_BODY_BYTES + 1)
    yield "another version", changed(0, value=2)
    yield "a field too few", msgspec.msgpack.encode(msgspec.msgpack.decode(whole)[:-1])
    yield "a field too many", msgspec.msgpack.encode([*msgspec.msgpack.decode(whole), 0])
    for hidden in ("\0", "\t", "\r", "\u0085", "\u200b", "\u202e", "\u2066", "\u2028", "\ufeff"):
        yield f"a name with U+{ord(hidden):04X}", changed(1, value=f"Zur{hidden}Linde")
    yield "a name with a tag character", changed(1, value="Zur\U000e0041Linde")
    for name in ("", " Linde", "Linde ", "a\nb", "x" * 81):
        yield f"the name {name[:8]!r}", changed(1, value=name)
    yield "an unknown kind", changed(2, value="casino")
    yield "a short postal code", changed(3, 1, value="1234")
    yield "a country in small letters", changed(3, 3, value="de")
    yield "a telephone number that is none", changed(4, value="call us")
    yield "an e-mail address that is none", changed(5, value="a@b@c.example")
    yield "a time zone that leads elsewhere", changed(6, 0, value="../../etc/passwd")
    yield "an eighth weekday", changed(6, 1, 0, 0, value=7)
    yield "weekdays out of order", changed(6, 1, 0, 0, value=6)
    yield "a span that closes before it opens", changed(6, 1, 0, 2, value=600)
    yield "spans that overlap", changed(6, 1, 1, 1, value=800)
    yield "a span that opens the next day", changed(6, 1, 1, 1, value=1_440)
    yield "a night that reaches into the next day's hours", changed(6, 1, 7, 2, value=2_400)
    yield "a date that does not exist", changed(6, 2, 0, 0, value="2026-02-30")
    yield "a date in another form", changed(6, 2, 0, 0, value="20261224")
    yield "dates out of order", changed(6, 2, 0, 0, value="2027-12-24")
    yield "an unknown state", changed(6, 3, 0, value="XX")
    yield "a municipality without a state", changed(6, 3, 0, value="")
    yield "a flag of 2", changed(6, 3, 3, value=2)
    yield "a flag that is true", changed(14, value=True)
    yield "no language", changed(7, value=[])
    yield "a language twice", changed(7, value=[["de"], ["de"]])
    yield "a language that is none", changed(7, value=[["Deutsch!"]])
    yield "a description that is too long", changed(8, 0, value="x" * 1_001)
    yield "a privacy note that is too long", changed(9, 1, value="x" * 3_001)
    yield "an address without TLS", changed(10, value="http://linde.example/")
    yield "an unknown legal form", changed(11, 1, value="Ltd")
    yield "a VAT id that is too short", changed(11, 9, value="DE12345678")
    for url in (
        "javascript:alert(1)",
        "https://linde.example/ x",
        'https://linde.example/"x',
        "https://linde.example/<x>",
        "https://user@evil.example/",
        "https://linde.example/" + "x" * 300,
    ):
        yield f"the link {url[:32]}", changed(12, value=[["x", url]])
    yield "a link without a label", changed(12, 0, 0, value="")
    yield "nine links", changed(12, value=[["x", "https://linde.example/"]] * 9)
    yield "a short blob id", changed(13, 0, 0, value=b"short")
    yield "a picture that is a program", changed(13, 0, 3, value="image/svg+xml")
    yield "a picture of nothing", changed(13, 0, 2, value=0)
    yield "a picture too wide", changed(13, 0, 4, value=4_097)
    picture = msgspec.msgpack.decode(encode_profile(LINDE))[13][0]
    yield "a picture twice", changed(13, value=[picture, picture])


def incomplete() -> Iterator[Profile]:
    """Profiles that may not go public."""
    yield BARE
    yield replace(LINDE, privacy=Wording(), privacy_url="")
    yield with_imprint(telephone="")
    yield with_imprint(address=Address("P.O. Box 12", "86150", "Augsburg"))
    yield with_imprint(address=Address("", "", ""))
    for form in LEGAL_FORMS:
        yield with_imprint(
            legal_form=form, representative="", register="", register_number="", email=""
        )


def cases() -> dict[str, object]:
    """All cases; bytes as hex."""
    whole = encode_profile(LINDE)
    first = issue_profile(KEY, ACCOUNT, 3, NOW_S, whole)
    payload, signature = msgspec.msgpack.decode(first)
    altered = bytearray(payload)
    altered[-1] ^= 1
    return {
        "identity_key": KEY.public.hex(),
        "account": ACCOUNT.uri,
        "bodies": [
            {"name": name, "body": encode_profile(one).hex(), "says": said(asdict(one))}
            for name, one in bodies()
        ],
        "incomplete": [
            {"body": encode_profile(one).hex(), "lacks": list(missing_in(one))}
            for one in incomplete()
        ],
        "refused_bodies": [{"name": name, "body": raw.hex()} for name, raw in refused_bodies()],
        "signed": {"seq": 3, "issued_at_s": NOW_S, "body": whole.hex(), "raw": first.hex()},
        "newer": issue_profile(KEY, ACCOUNT, 4, NOW_S, encode_profile(BARE)).hex(),
        "older": issue_profile(KEY, ACCOUNT, 2, NOW_S, whole).hex(),
        "fork": issue_profile(KEY, ACCOUNT, 3, NOW_S, encode_profile(BARE)).hex(),
        "withdrawn": issue_profile(KEY, ACCOUNT, 5, NOW_S, b"").hex(),
        "of_another_account": issue_profile(
            KEY, AccountAddress("other", "example.org"), 4, NOW_S, whole
        ).hex(),
        "by_another_key": issue_profile(STRANGER, ACCOUNT, 4, NOW_S, whole).hex(),
        "altered": msgspec.msgpack.encode((bytes(altered), signature)).hex(),
    }


def text() -> str:
    """The file."""
    return json.dumps(cases(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
