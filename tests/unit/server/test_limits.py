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
    assert limits.blob_bytes == 100 * 2**20 + 64 * 2**10
    assert (limits.blob_bytes_per_account, limits.blobs_per_account) == (2**30, 10_000)
    assert (limits.blob_uploads_per_account, limits.blob_upload_hours) == (32, 24)
    assert limits.blob_retention_days == 90
    assert limits.blob_upload_bytes_per_hour == 2 * 2**30
    assert limits.blob_download_bytes_per_hour == 8 * 2**30
    assert limits.blob_reserve_bytes == 256 * 2**20


def test_every_limit_is_a_whole_number_that_leaves_room_to_work() -> None:
    for one in fields(Limits):
        value = getattr(Limits(), one.name)
        assert type(value) is int
        assert value > 0, one.name


def test_what_may_not_be_zero_is_a_limit() -> None:
    assert {one.name for one in fields(Limits)} >= AT_LEAST_ONE
