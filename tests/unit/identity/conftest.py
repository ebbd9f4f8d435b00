"""Anna, her two devices, and fixed keys, so that every failure repeats."""

import pytest

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey

NOW_S = 1_800_000_000
YEAR_S = 365 * 86_400


class Person:
    """An account with one device, at one time."""

    def __init__(self, name: str, seed: int) -> None:
        self.account = AccountAddress(name, "example.org")
        self.identity = SigningKey.from_bytes(bytes([seed]) * 32)
        self.device_key = SigningKey.from_bytes(bytes([seed + 1]) * 32)
        self.device = DeviceAddress(self.account, f"{seed:016x}")
        self.certificate_raw = DeviceCertificate.issue(
            self.identity, self.device, self.device_key.public, NOW_S, NOW_S + YEAR_S
        )
        self.list_raw = self.list_after(b"")

    def list_after(self, previous: bytes, *more: tuple[str, bytes]) -> bytes:
        devices = [(self.device.device, self.device_key.public), *more]
        return DeviceList.issue(self.identity, self.account, devices, NOW_S, previous)


@pytest.fixture(scope="session")
def anna() -> Person:
    return Person("anna", 1)


@pytest.fixture(scope="session")
def ben() -> Person:
    return Person("ben", 11)
