"""What crosses the socket of profiles."""

import msgspec
import pytest

from plausch.base.ids import AccountAddress
from plausch.cli.business_requests import (
    ProfileGet,
    ProfilePublish,
    ProfileRecord,
    ProfileSearch,
    ProfileWithdraw,
    profile_record,
)
from plausch.cli.requests import AnyRequest, decode_request
from plausch.sdk import PublishedProfile
from unit.domain.profiles import LINDE

ADDRESS = AccountAddress("linde", "example.org")


@pytest.mark.parametrize(
    "request_",
    [
        ProfileGet(address="linde"),
        ProfilePublish(file="/a/profile.toml"),
        ProfileWithdraw(),
        ProfileSearch(words="zur", kind="shop", place="86", after="a@b.c"),
    ],
)
def test_a_request_survives_the_socket(request_: AnyRequest) -> None:
    assert decode_request(msgspec.json.encode(request_)) == request_


@pytest.mark.parametrize("profile", [LINDE, None])
def test_a_profile_survives_the_socket(profile: object) -> None:
    found = PublishedProfile(ADDRESS, 3, 1_800_000_000, LINDE if profile else None)
    raw = msgspec.json.encode(profile_record(found, "http://localhost:7480"))
    assert msgspec.json.decode(raw, type=ProfileRecord).published() == found


def test_no_profile_is_none() -> None:
    assert ProfileRecord(address=str(ADDRESS)).published() is None
