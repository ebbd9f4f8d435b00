"""Endpoints: what the server would call, and everything it must not."""

import ipaddress

import pytest

from plausch.server.endpoint import Endpoint, EndpointRefused, is_public, parse_endpoint


def test_an_endpoint_is_taken_apart() -> None:
    found = parse_endpoint("https://Push.Example/v2/abc?x=1&y")
    assert found == Endpoint(True, "push.example", 443, "/v2/abc?x=1&y")
    assert (found.authority, found.origin) == ("push.example", "https://push.example")
    assert parse_endpoint("https://push.example").target == "/"
    assert parse_endpoint("https://push.example:443/a").authority == "push.example"


def test_within_the_operators_network_port_and_scheme_are_free() -> None:
    found = parse_endpoint("http://127.0.0.1:8080/a", private=True)
    assert found == Endpoint(False, "127.0.0.1", 8080, "/a")
    assert found.origin == "http://127.0.0.1:8080"
    assert parse_endpoint("https://[::1]:9/a", private=True).authority == "[::1]:9"
    assert parse_endpoint("http://ntfy/a", private=True).authority == "ntfy"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "push.example/a",
        "//push.example/a",
        "ftp://push.example/a",
        "file:///etc/passwd",
        "http://push.example/a",
        "https://",
        "https:///a",
        "https://push.example:80/a",
        "https://push.example:8443/a",
        "https://push.example:0/a",
        "https://push.example:99999/a",
        "https://push.example:x/a",
        "https://anna@push.example/a",
        "https://anna:secret@push.example/a",
        "https://push.example\\@10.0.0.1/a",
        "https://push.example/a#b",
        "https://push.example/a b",
        "https://push.example/a\r\nX: y",
        "https://push.example/a\nb",
        "https://push.example/a\x00",
        "https://pusch.exämple/a",
        "https://localhost/a",
        "https://intern/a",
        "https://127.0.0.1/a",
        "https://127.1/a",
        "https://2130706433/a",
        "https://0x7f.1/a",
        "https://push.example.127/a",
        "https://10.0.0.1/a",
        "https://192.168.1.1/a",
        "https://172.16.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/a",
        "https://100.64.0.1/a",
        "https://224.0.0.1/a",
        "https://255.255.255.255/a",
        "https://[::1]/a",
        "https://[::]/a",
        "https://[fe80::1]/a",
        "https://[fe80::1%25eth0]/a",
        "https://[fd00::1]/a",
        "https://[::ffff:10.0.0.1]/a",
        "https://[64:ff9b::7f00:1]/a",
        "https://[2002:7f00:1::]/a",
        "https://[not-an-address]/a",
        "https://" + "a" * 64 + ".example/a",
        "https://push..example/a",
        "https://push.example./a",
        "https://push.example%2f.example/a",
    ],
)
def test_what_the_server_does_not_call(url: str) -> None:
    with pytest.raises(EndpointRefused) as caught:
        parse_endpoint(url)
    assert caught.value.code == "bad_endpoint"
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "http://a b/", "http://x@127.0.0.1/"])
def test_nor_when_much_is_allowed(url: str) -> None:
    with pytest.raises(EndpointRefused):
        parse_endpoint(url, private=True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::5db8:d70e", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.0.1", False),
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("224.0.0.251", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("::ffff:192.168.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:0a00:0001::1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_the_public_internet_also_in_disguise(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public
