"""Whether a device is an owner's, by the account's newest list."""

import pytest

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.server.errors import Refusal
from plausch.server.owners import demand_owner
from plausch.server.records import AccountRecord, DeviceRecord

LINDE = AccountAddress("linde", "localhost")
IDENTITY = SigningKey.generate()
DEVICES = [(f"{number:016x}", SigningKey.generate().public) for number in (1, 2)]


def one(number: int) -> DeviceRecord:
    device, key = DEVICES[number]
    uri = DeviceAddress(LINDE, device).uri
    return DeviceRecord(number, uri, 1, "linde", "business", key, IDENTITY.public)


def account(*staff: tuple[str, int]) -> AccountRecord:
    raw = DeviceList.issue(IDENTITY, LINDE, DEVICES, 1_800_000_000, staff=staff)
    return AccountRecord(1, "linde", "business", IDENTITY.public, raw)


def test_whoever_is_not_staff_is_an_owner() -> None:
    demand_owner(account(), one(0))
    demand_owner(account(), one(1))
    demand_owner(account((DEVICES[1][0], 2**40)), one(0))


@pytest.mark.parametrize("until_s", [0, 2**40])
def test_staff_is_refused_whether_its_time_is_over_or_not(until_s: int) -> None:
    with pytest.raises(Refusal, match="only a device of an owner") as caught:
        demand_owner(account((DEVICES[1][0], until_s)), one(1))
    assert caught.value.code == "not_owner"
