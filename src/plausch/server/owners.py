"""What of an account only its owners' devices may change: staff reads and writes, no more."""

from plausch.base.ids import DeviceAddress
from plausch.identity.device_list import parse_device_list
from plausch.server.errors import Refusal
from plausch.server.records import AccountRecord, DeviceRecord


def demand_owner(account: AccountRecord, one: DeviceRecord) -> None:
    """Raises Refusal `not_owner` for a device that the account's newest list names as staff."""
    if parse_device_list(account.device_list).is_staff(DeviceAddress.parse_uri(one.uri)):
        raise Refusal(
            "not_owner",
            "This device belongs to the staff of its account: only a device of an owner can do "
            "that.",
        )
