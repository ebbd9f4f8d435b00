"""The limits that the protocol document names are the defaults."""

from dataclasses import fields

from plausch.server.limits import AT_LEAST_ONE, Limits


def test_the_documented_defaults() -> None:
    limits = Limits()
    assert limits.devices_per_person == 6
    assert limits.devices_per_business == 50
    assert limits.key_packages_per_device == 100
    assert limits.participants_per_conversation == 1_000
    assert limits.retention_days == 30


def test_every_limit_is_a_whole_number_that_leaves_room_to_work() -> None:
    for one in fields(Limits):
        value = getattr(Limits(), one.name)
        assert type(value) is int
        assert value > 0, one.name


def test_what_may_not_be_zero_is_a_limit() -> None:
    assert {one.name for one in fields(Limits)} >= AT_LEAST_ONE
