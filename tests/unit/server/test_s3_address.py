"""The address of a bucket: what it may say, and that it is never repeated when it may not."""

import pytest

from plausch.server.s3_address import S3Address, S3AddressRefused, parse_s3_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://blobs", S3Address("blobs", "", "", "us-east-1", "virtual")),
        ("s3://blobs/", S3Address("blobs")),
        ("s3://our-blobs.2/a/b/", S3Address("our-blobs.2", "a/b/")),
        ("s3://blobs?region=eu-central-1", S3Address("blobs", region="eu-central-1")),
        (
            "s3://blobs/x?endpoint=s3.example.org&region=garage",
            S3Address("blobs", "x/", "https://s3.example.org", "garage", "path"),
        ),
        (
            "s3://blobs?endpoint=https%3A%2F%2Fs3.example.org%3A9000/&style=virtual",
            S3Address("blobs", "", "https://s3.example.org:9000", style="virtual"),
        ),
        (
            "s3://blobs?endpoint=http://127.0.0.1:9000",
            S3Address("blobs", "", "http://127.0.0.1:9000", style="path"),
        ),
        ("s3://blobs?style=path", S3Address("blobs", style="path")),
    ],
)
def test_addresses(text: str, address: S3Address) -> None:
    assert parse_s3_address(text) == address


def test_without_a_word_about_it_the_way_is_encrypted() -> None:
    assert parse_s3_address("s3://blobs").encrypted
    assert parse_s3_address("s3://blobs?endpoint=s3.example.org").encrypted
    assert not parse_s3_address("s3://blobs?endpoint=http://s3.example.org").encrypted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "blobs",
        "https://blobs",
        "s3:/blobs",
        "s3://",
        "s3://a",
        "s3://Blobs",
        "s3://-blobs",
        "s3://blobs:9000",
        "s3://blobs#secret",
        "s3://blobs/../secret",
        "s3://blobs/a//b",
        "s3://blobs/a b",
        "s3://blobs/" + "x" * 501,
        "s3://blobs?region",
        "s3://blobs?region=",
        "s3://blobs?region=eu central",
        "s3://blobs?region=a&region=b",
        "s3://blobs?access_key=secret",
        "s3://blobs?style=secret",
        "s3://blobs?endpoint=ftp://secret",
        "s3://blobs?endpoint=https://",
        "s3://blobs?endpoint=https://host/secret",
        "s3://blobs?endpoint=https://key:secret@host",
        "s3://blobs?endpoint=https://host:99999",
        "s3://blobs?endpoint=https://host?secret=1",
        "s3://[secret",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(S3AddressRefused) as caught:
        parse_s3_address(text)
    assert "secret" not in str(caught.value)
    assert caught.value.code == "bad_config"


def test_keys_do_not_belong_there() -> None:
    with pytest.raises(S3AddressRefused, match="AWS_ACCESS_KEY_ID") as caught:
        parse_s3_address("s3://AKIAKEY:verysecret@blobs")
    assert "verysecret" not in str(caught.value)
    assert "AKIAKEY" not in str(caught.value)
