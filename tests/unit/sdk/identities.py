"""Accounts with keys, devices and lists, as a server would show them; and how to forge them."""

from dataclasses import dataclass, field

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import CREDENTIAL_TYPE, DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.mls.credential import Credential
from plausch.wire import frames as f

DOMAIN = "localhost"
NOW_S = 1_800_000_000
YEAR_S = 365 * 24 * 3600


@dataclass
class Person:
    """An account that can issue anything."""

    name: str
    kind: str = "person"
    identity: SigningKey = field(default_factory=SigningKey.generate)
    devices: dict[str, SigningKey] = field(default_factory=dict)
    lists: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.devices:
            self.devices = {"0" * 15 + "1": SigningKey.generate()}
        if not self.lists:
            self.publish()

    @property
    def address(self) -> AccountAddress:
        return AccountAddress(self.name, DOMAIN)

    def publish(self) -> bytes:
        """The next list with the devices as they are now."""
        entries = [(device, key.public) for device, key in self.devices.items()]
        before = self.lists[-1] if self.lists else b""
        self.lists.append(DeviceList.issue(self.identity, self.address, entries, NOW_S, before))
        return self.lists[-1]

    def add_device(self, device: str) -> None:
        self.devices[device] = SigningKey.generate()
        self.publish()

    def remove_device(self, device: str) -> None:
        del self.devices[device]
        self.publish()

    def device_address(self, device: str = "0" * 15 + "1") -> DeviceAddress:
        return DeviceAddress(self.address, device)

    def certificate(
        self, device: str = "0" * 15 + "1", *, expires_s: int = NOW_S + YEAR_S
    ) -> bytes:
        return DeviceCertificate.issue(
            self.identity,
            self.device_address(device),
            self.devices[device].public,
            NOW_S - YEAR_S,
            expires_s,
        )

    def credential(self, device: str = "0" * 15 + "1") -> Credential:
        return Credential(CREDENTIAL_TYPE, self.certificate(device))

    def key(self, device: str = "0" * 15 + "1") -> bytes:
        return self.devices[device].public

    def shown(self, index: int = -1) -> f.Account:
        """What the server answers when it is asked for this account."""
        return f.Account(1, self.name, self.kind, self.identity.public, self.lists[index])

    def impostor(self) -> "Person":
        """The same name with other keys: what a server could make up."""
        return Person(self.name, self.kind)
