"""Certificates that are renewed, shown in key packages, and told to their account."""

import pytest

from delivery_world import World
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.keys import SigningKey
from plausch.server.errors import Refusal
from wire_device import DAY_S


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def test_a_certificate_is_renewed(world: World) -> None:
    anna = await world.player("anna")
    person = anna.person
    renewed = DeviceCertificate.issue(
        person.identity,
        person.device,
        person.key.public,
        world.now_s,
        world.now_s + 200 * DAY_S,
    )
    await world.devices.publish_list(anna.record, person.device_list, [renewed])
    assert await world.devices.certificate(anna.record, person.device.uri) == renewed
    await anna.upload()  # the device does not know yet, and what it has is in time
    person.certificate = renewed
    await anna.upload()
    assert await world.supply(anna.record) == (2, False)


async def test_key_packages_show_a_certificate_of_their_device_in_time(world: World) -> None:
    anna = await world.player("anna")
    laptop = await anna.link()
    person, now_s = anna.person, world.now_s
    stranger, key = SigningKey.generate(), person.key.public
    for identity, device, first_s, end_s in (
        (stranger, person.device, now_s - 60, now_s + DAY_S),
        (person.identity, laptop.person.device, now_s - 60, now_s + DAY_S),
        (person.identity, person.device, now_s - 2 * DAY_S, now_s - DAY_S),
        (person.identity, person.device, now_s + DAY_S, now_s + 2 * DAY_S),
    ):
        person.certificate = DeviceCertificate.issue(identity, device, key, first_s, end_s)
        with refused("bad_key_package"):
            await anna.upload()
    assert await world.supply(anna.record) == (0, False)


async def test_a_certificate_is_told_to_its_account_alone(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = await anna.link()
    uri = laptop.person.device.uri
    assert await world.devices.certificate(anna.record, uri) == laptop.person.certificate
    for unknown in (uri, uri[:-1], "", "x" * 500):
        with refused("unknown_device"):
            await world.devices.certificate(cem.record, unknown)
