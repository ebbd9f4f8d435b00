import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.errors import PlauschError
from plausch.base.ids import (
    AccountAddress,
    DeviceAddress,
    NameRefused,
    conversation_uri,
    parse_conversation_id,
    parse_domain,
    parse_name,
)

names = st.from_regex(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?", fullmatch=True)
domains = st.sampled_from(["localhost", "example.org", "chat.example.org:8443", "a-b.de"])


@given(names, domains)
def test_an_address_survives_both_of_its_spellings(name: str, domain: str) -> None:
    address = AccountAddress(name, domain)
    assert AccountAddress.parse(str(address)) == address
    assert AccountAddress.parse_uri(address.uri) == address


@given(names, domains, st.from_regex(r"[0-9a-f]{16}", fullmatch=True))
def test_a_device_uri_survives_a_round_trip(name: str, domain: str, device: str) -> None:
    address = DeviceAddress(AccountAddress(name, domain), device)
    assert DeviceAddress.parse_uri(address.uri) == address
    assert str(address) == address.uri


@given(st.text())
def test_arbitrary_text_is_a_name_or_refused_and_nothing_else(text: str) -> None:
    for parse in (
        parse_name,
        parse_domain,
        AccountAddress.parse,
        AccountAddress.parse_uri,
        DeviceAddress.parse_uri,
    ):
        try:
            parse(text)
        except NameRefused as refused:
            assert str(refused).endswith(".")


@pytest.mark.parametrize(
    "name",
    ["", "Anna", "anna ", ".anna", "anna-", "ann\u0430", "a" * 33, "an/na", "anna\n", "a\x00b"],
)
def test_a_name_that_could_deceive_is_refused(name: str) -> None:
    with pytest.raises(NameRefused, match="is not a name"):
        parse_name(name)


@pytest.mark.parametrize(
    "domain", ["", "-a.de", "a..de", "EXAMPLE.org", "a_b.de", "x" * 256, "a.de:", "a.de:123456"]
)
def test_a_domain_outside_the_grammar_is_refused(domain: str) -> None:
    with pytest.raises(NameRefused, match="is not a domain"):
        parse_domain(domain)


@pytest.mark.parametrize("text", ["anna", "@example.org", "anna@", "anna@b@c", "anna@exa mple"])
def test_an_address_needs_both_halves(text: str) -> None:
    with pytest.raises(NameRefused):
        AccountAddress.parse(text)


@pytest.mark.parametrize(
    "uri",
    [
        "mimi://example.org/d/anna",
        "mimi://example.org/d/anna/0123",
        "mimi://example.org/d/anna/0123456789ABCDEF",
        "mimi://example.org/u/anna/0123456789abcdef",
        "https://example.org/d/anna/0123456789abcdef",
        "mimi://example.org/d/anna/0123456789abcdef/x",
    ],
)
def test_a_device_uri_must_be_exact(uri: str) -> None:
    with pytest.raises(NameRefused):
        DeviceAddress.parse_uri(uri)


@pytest.mark.parametrize(
    "uri", ["mimi://example.org/r/anna", "mimi:/example.org/u/anna", "mimi://example.org/u/anna/"]
)
def test_an_account_uri_must_be_exact(uri: str) -> None:
    with pytest.raises(NameRefused):
        AccountAddress.parse_uri(uri)


def test_addresses_have_an_order_so_that_lists_of_them_are_stable() -> None:
    anna = AccountAddress.parse("anna@b.de")
    assert sorted([AccountAddress.parse("cem@a.de"), anna])[0] == anna


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_conversation_id_has_sixteen_bytes(length: int) -> None:
    assert parse_conversation_id(bytes(16)) == bytes(16)
    with pytest.raises(NameRefused, match="16 bytes"):
        parse_conversation_id(bytes(length))


def test_a_conversation_uri_is_a_mimi_room() -> None:
    room = conversation_uri("example.org", parse_conversation_id(bytes(range(16))))
    assert room == "mimi://example.org/r/000102030405060708090a0b0c0d0e0f"


def test_a_refused_name_is_an_expected_error_of_the_caller() -> None:
    with pytest.raises(PlauschError) as caught:
        parse_name("No")
    assert caught.value.code == "bad_name"
    assert caught.value.fault == "local"
