import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.errors import LocalError
from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.device_list import LABEL, MAX_DEVICES, DeviceList, parse_device_list
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey

NOW_S = 1_800_000_000
IDENTITY = SigningKey.from_bytes(bytes([1]) * 32)
STRANGER = SigningKey.from_bytes(bytes([9]) * 32)
KEYS = [SigningKey.from_bytes(bytes([100 + i]) * 32).public for i in range(60)]
ANNA = AccountAddress("anna", "example.org")
PHONE = ("0000000000000001", KEYS[0])
LAPTOP = ("0000000000000002", KEYS[1])

FIELDS: dict[str, Any] = {
    "version": 1,
    "account": ANNA.uri,
    "identity_key": IDENTITY.public,
    "seq": 1,
    "previous": b"",
    "issued_at_s": NOW_S,
    "devices": [PHONE],
}


def forged(*, signer: SigningKey = IDENTITY, label: str = LABEL, **changed: Any) -> bytes:
    payload = msgspec.msgpack.encode(list((FIELDS | changed).values()))
    return msgspec.msgpack.encode((payload, signer.sign(label, payload)))


def issued(*devices: tuple[str, bytes], after: bytes = b"") -> bytes:
    return DeviceList.issue(IDENTITY, ANNA, devices, NOW_S, after)


def refused_code(raw: bytes) -> str:
    with pytest.raises(IdentityRefused) as caught:
        parse_device_list(raw)
    return caught.value.code


def test_the_first_list_says_what_went_in() -> None:
    raw = issued(PHONE)
    assert raw == forged()
    first = parse_device_list(raw)
    assert (first.account, first.identity_key) == (ANNA, IDENTITY.public)
    assert (first.seq, first.previous, first.issued_at_s) == (1, b"", NOW_S)
    assert first.devices == (PHONE,)
    assert first.addresses() == (DeviceAddress(ANNA, PHONE[0]),)


def test_a_next_list_names_the_hash_of_the_one_before() -> None:
    first = issued(PHONE)
    second = parse_device_list(issued(LAPTOP, PHONE, after=first))
    assert second.seq == 2
    assert second.previous == hashlib.sha256(first).digest()
    assert second.devices == (PHONE, LAPTOP)


def test_a_device_is_listed_only_with_its_own_key_and_account() -> None:
    devices = parse_device_list(issued(PHONE))
    other = AccountAddress("ben", "example.org")
    assert devices.lists(DeviceAddress(ANNA, PHONE[0]), PHONE[1])
    assert not devices.lists(DeviceAddress(ANNA, PHONE[0]), LAPTOP[1])
    assert not devices.lists(DeviceAddress(ANNA, LAPTOP[0]), PHONE[1])
    assert not devices.lists(DeviceAddress(other, PHONE[0]), PHONE[1])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"version": 3}, "unknown_version"),
        ({"version": 2}, "malformed"),
        ({"account": "anna@example.org"}, "malformed"),
        ({"identity_key": bytes(32)}, "bad_key"),
        ({"identity_key": b"short"}, "bad_key"),
        ({"seq": 0}, "malformed"),
        ({"seq": -1}, "malformed"),
        ({"seq": 2}, "malformed"),
        ({"seq": 2, "previous": bytes(31)}, "malformed"),
        ({"previous": bytes(32)}, "malformed"),
        ({"issued_at_s": "now"}, "malformed"),
        ({"devices": []}, "malformed"),
        ({"devices": [LAPTOP, PHONE]}, "malformed"),
        ({"devices": [PHONE, PHONE]}, "malformed"),
        ({"devices": [(f"{i:016x}", KEYS[i]) for i in range(MAX_DEVICES + 1)]}, "malformed"),
        ({"devices": [("1", KEYS[0])]}, "malformed"),
        ({"devices": [("000000000000000A", KEYS[0])]}, "malformed"),
        ({"devices": [(*PHONE, b"")]}, "malformed"),
        ({"devices": [(PHONE[0], b"")]}, "bad_key"),
        ({"devices": [PHONE, (LAPTOP[0], PHONE[1])]}, "key_reuse"),
        ({"devices": [(PHONE[0], IDENTITY.public)]}, "key_reuse"),
        ({"extra": 0}, "malformed"),
    ],
)
def test_each_wrong_field_is_refused(changed: dict[str, Any], code: str) -> None:
    assert refused_code(forged(**changed)) == code


def test_signatures_by_others_or_for_other_objects_are_refused() -> None:
    assert refused_code(forged(signer=STRANGER)) == "bad_signature"
    assert refused_code(forged(label="device certificate")) == "bad_signature"


def test_a_full_list_is_accepted() -> None:
    raw = issued(*((f"{i:016x}", KEYS[i]) for i in range(MAX_DEVICES)))
    assert len(parse_device_list(raw).devices) == MAX_DEVICES


class TestChain:
    first = issued(PHONE)
    second = issued(PHONE, LAPTOP, after=first)
    third = issued(LAPTOP, after=second)

    def follows_code(self, newer: bytes, known: bytes) -> str:
        with pytest.raises(IdentityRefused) as caught:
            parse_device_list(newer).follows(known)
        return caught.value.code

    def supersedes_code(self, newer: bytes, known: bytes) -> str:
        with pytest.raises(IdentityRefused) as caught:
            parse_device_list(newer).supersedes(known)
        return caught.value.code

    def test_each_list_follows_the_one_before(self) -> None:
        parse_device_list(self.first).follows(b"")
        parse_device_list(self.second).follows(self.first)
        parse_device_list(self.third).follows(self.second)

    def test_a_client_may_miss_lists_between(self) -> None:
        assert parse_device_list(self.third).supersedes(self.first)
        assert not parse_device_list(self.third).supersedes(self.third)

    def test_a_gap_does_not_follow(self) -> None:
        assert self.follows_code(self.third, self.first) == "device_list_gap"
        assert self.follows_code(self.second, b"") == "device_list_gap"

    def test_an_older_list_is_a_rollback(self) -> None:
        assert self.follows_code(self.first, self.second) == "device_list_rollback"
        assert self.supersedes_code(self.first, self.third) == "device_list_rollback"

    def test_the_same_list_twice_does_not_follow_itself(self) -> None:
        assert self.follows_code(self.first, self.first) == "device_list_fork"

    def test_another_list_in_the_same_place_is_a_fork(self) -> None:
        other_second = issued(LAPTOP, after=self.first)
        assert self.follows_code(other_second, self.second) == "device_list_fork"
        assert self.supersedes_code(other_second, self.second) == "device_list_fork"

    def test_a_list_after_another_history_is_a_fork(self) -> None:
        other_third = issued(PHONE, after=issued(LAPTOP, after=self.first))
        assert self.follows_code(other_third, self.second) == "device_list_fork"
        assert self.supersedes_code(other_third, self.second) == "device_list_fork"

    def test_another_identity_key_is_never_a_successor(self) -> None:
        replaced = forged(
            signer=STRANGER,
            identity_key=STRANGER.public,
            seq=2,
            previous=hashlib.sha256(self.first).digest(),
        )
        assert self.follows_code(replaced, self.first) == "identity_key_changed"
        assert self.supersedes_code(replaced, self.first) == "identity_key_changed"

    def test_another_accounts_list_is_never_a_successor(self) -> None:
        ben = forged(account="mimi://example.org/u/ben", seq=2, previous=bytes(32))
        assert self.follows_code(ben, self.first) == "device_list_account"


@pytest.mark.parametrize(
    "devices",
    [
        [],
        [PHONE, PHONE],
        [("x", KEYS[0])],
        [(PHONE[0], IDENTITY.public)],
        [(f"{i:016x}", KEYS[i]) for i in range(MAX_DEVICES + 1)],
    ],
)
def test_impossible_devices_are_the_issuers_fault(devices: list[tuple[str, bytes]]) -> None:
    with pytest.raises(LocalError):
        issued(*devices)


def test_a_list_cannot_be_issued_after_anothers() -> None:
    bens = forged(account="mimi://example.org/u/ben")
    with pytest.raises(LocalError):
        issued(PHONE, after=bens)


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_the_rooms_error(raw: bytes) -> None:
    with pytest.raises(IdentityRefused):
        parse_device_list(raw)


UNTIL_S = NOW_S + 3_600
ANNAS_PHONE, ANNAS_LAPTOP = (DeviceAddress(ANNA, entry[0]) for entry in (PHONE, LAPTOP))


def with_staff(*devices: tuple[str, bytes], after: bytes = b"", until_s: int = UNTIL_S) -> bytes:
    return DeviceList.issue(IDENTITY, ANNA, devices, NOW_S, after, [(LAPTOP[0], until_s)])


def test_a_list_that_names_staff_is_of_version_two_and_says_until_when() -> None:
    raw = with_staff(PHONE, LAPTOP)
    fields = {"version": 2, "devices": [PHONE, LAPTOP], "staff": [(LAPTOP[0], UNTIL_S)]}
    assert raw == forged(**fields)
    parsed = parse_device_list(raw)
    assert parsed.staff == ((LAPTOP[0], UNTIL_S),)
    assert parsed.is_staff(ANNAS_LAPTOP)
    assert not parsed.is_staff(ANNAS_PHONE)
    assert not parsed.is_staff(DeviceAddress(AccountAddress("ben", "example.org"), LAPTOP[0]))


def test_the_time_of_staff_ends_and_that_of_an_owner_does_not() -> None:
    parsed = parse_device_list(with_staff(PHONE, LAPTOP))
    parsed.check_time(ANNAS_LAPTOP, UNTIL_S - 1)
    parsed.check_time(ANNAS_PHONE, UNTIL_S)
    assert parsed.in_time(UNTIL_S - 1) == (ANNAS_PHONE, ANNAS_LAPTOP)
    assert parsed.in_time(UNTIL_S) == (ANNAS_PHONE,)
    assert parsed.addresses() == (ANNAS_PHONE, ANNAS_LAPTOP)
    with pytest.raises(IdentityRefused, match="A device of an owner must renew it") as caught:
        parsed.check_time(ANNAS_LAPTOP, UNTIL_S)
    assert caught.value.code == "staff_expired"


def test_who_is_staff_stays_staff_on_the_next_list_unless_that_is_changed() -> None:
    before = with_staff(PHONE, LAPTOP)
    third = ("0000000000000003", KEYS[2])
    assert parse_device_list(issued(PHONE, LAPTOP, third, after=before)).staff == (
        (LAPTOP[0], UNTIL_S),
    )
    assert parse_device_list(issued(PHONE, third, after=before)).staff == ()
    later = parse_device_list(with_staff(PHONE, LAPTOP, after=before, until_s=UNTIL_S + 60))
    assert later.staff == ((LAPTOP[0], UNTIL_S + 60),)
    assert later.supersedes(before)


@pytest.mark.parametrize(
    "staff",
    [
        [],
        [(LAPTOP[0], -1)],
        [(LAPTOP[0], 2**53)],
        [("0000000000000003", UNTIL_S)],
        [(PHONE[0], UNTIL_S), (LAPTOP[0], UNTIL_S)],
        [(LAPTOP[0], UNTIL_S), (LAPTOP[0], UNTIL_S)],
        [(LAPTOP[0], UNTIL_S, 0)],
        "all",
    ],
)
def test_staff_that_no_list_may_have_is_refused(staff: object) -> None:
    raw = forged(version=2, devices=[PHONE, LAPTOP], staff=staff)
    assert refused_code(raw) == "malformed"


def test_a_list_of_staff_only_is_not_issued() -> None:
    with pytest.raises(LocalError, match="not all that are"):
        with_staff(LAPTOP)
