"""A bucket of a real service, and services that answer badly: what comes of it is a sentence that
repeats nothing of what they said."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blob_stores import s3, s3_keys
from crooked_s3 import answer, certificate, crooked_s3, refusal
from plausch.base.errors import OperatorError
from plausch.db.interface import StorageUnavailable
from plausch.server import s3_bucket
from plausch.server.s3_address import S3Address
from plausch.server.s3_bucket import Part, S3Bucket
from s3_service import S3Service

__all__ = ["s3", "s3_keys"]

pytestmark = pytest.mark.usefixtures("s3_keys")

PART = bytes(5 * 1024 * 1024)


@pytest.fixture
async def bucket(s3: S3Service, s3_keys: None) -> AsyncIterator[S3Bucket]:
    made = await S3Bucket(s3.address()).open()
    yield made
    await made.close()


def key_in(bucket: S3Bucket) -> str:
    return f"{bucket.address.prefix}key"


async def ask(answers: list[bytes], what: str = "get") -> object:
    """What comes of one question to a crooked service."""
    async with crooked_s3(answers) as address:
        bucket = await S3Bucket(address).open()
        try:
            if what == "get":
                return await bucket.get("p/key", 10, 100)
            if what == "objects":
                return [one async for one in bucket.objects("p/")]
            if what == "parts":
                return await bucket.parts("p/key", "id")
            return await bucket.check()
        finally:
            await bucket.close()


# --- a real one ------------------------------------------------------------------------------


async def test_an_object_comes_back_in_stretches(bucket: S3Bucket) -> None:
    key = key_in(bucket)
    assert await bucket.size(key) is None
    assert await bucket.get(key, 0, 10) is None
    await bucket.put(key, b"0123456789")
    assert await bucket.size(key) == 10
    assert await bucket.get(key, 2, 3) == b"234"
    assert await bucket.get(key, 8, 100) == b"89"
    assert await bucket.get(key, 10, 1) == b""
    for _ in range(2):
        await bucket.delete(key)
    assert await bucket.size(key) is None


async def test_an_upload_in_parts(bucket: S3Bucket) -> None:
    key = key_in(bucket)
    multipart = await bucket.begin(key)
    for _ in range(2):
        assert await bucket.put_part(key, multipart, 1, PART)
    assert await bucket.put_part(key, multipart, 2, b"end")
    parts = await bucket.parts(key, multipart)
    assert [(one.number, one.length) for one in parts] == [(1, len(PART)), (2, 3)]
    assert [one.multipart for one in await bucket.uploads(key)] == [multipart]
    assert await bucket.size(key) is None
    assert await bucket.complete(key, multipart, parts)
    assert await bucket.get(key, len(PART) - 1, 10) == b"\0end"
    assert await bucket.uploads(key) == []


async def test_an_upload_that_was_let_go_of_is_none(bucket: S3Bucket) -> None:
    key = key_in(bucket)
    multipart = await bucket.begin(key)
    await bucket.put_part(key, multipart, 1, PART)
    parts = await bucket.parts(key, multipart)
    for _ in range(2):
        await bucket.abort(key, multipart)
    assert not await bucket.put_part(key, multipart, 1, PART)
    assert await bucket.parts(key, multipart) == []
    assert not await bucket.complete(key, multipart, parts)
    assert await bucket.size(key) is None


async def test_objects_are_listed_by_how_their_keys_begin(bucket: S3Bucket) -> None:
    prefix = bucket.address.prefix
    for name in ("aa/1", "aa/2", "bb/1"):
        await bucket.put(prefix + name, b"x")
    found = [one async for one in bucket.objects(f"{prefix}aa/")]
    assert [one.key for one in found] == [f"{prefix}aa/1", f"{prefix}aa/2"]
    assert all(one.at_ms > 0 for one in found)
    assert [one async for one in bucket.objects(f"{prefix}cc/")] == []


async def test_a_bucket_that_is_ours_passes_the_check(bucket: S3Bucket) -> None:
    await bucket.check()


async def test_a_bucket_that_is_not_there(s3: S3Service) -> None:
    bucket = await S3Bucket(s3.address()._replace(bucket="nobodys")).open()
    with pytest.raises(OperatorError, match=r"server \(NoSuchBucket\)") as caught:
        await bucket.check()
    assert not isinstance(caught.value, StorageUnavailable)
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        await bucket.put("key", b"x")
    await bucket.close()


async def test_wrong_keys_are_not_repeated(s3: S3Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "verysecret")
    bucket = await S3Bucket(s3.address()).open()
    with pytest.raises(OperatorError, match="look at its name, the region and the keys") as caught:
        await bucket.check()
    assert "verysecret" not in str(caught.value)
    assert "test:plausch" not in str(caught.value)
    await bucket.close()


# --- crooked ones ----------------------------------------------------------------------------

RANGE = "Content-Range: bytes 10-109/1000"


@pytest.mark.parametrize(
    "said",
    [
        answer("206 Partial Content", bytes(50), RANGE, length=100),
        answer("206 Partial Content", bytes(100), "Content-Range: bytes 0-99/1000"),
        answer("206 Partial Content", bytes(200), RANGE),
        answer("200 OK", bytes(1_000)),
        answer("200 OK", bytes(1_000), length=10**12),
        answer("206 Partial Content", bytes(100)),
        answer("302 Found", b"", "Location: http://127.0.0.1:1/"),
        b"HTTP/1.1 206 Partial Content\r\n\r\n",
        b"nonsense\r\n\r\n",
        answer("500 Internal Server Error", b"<no xml"),
    ],
)
async def test_another_stretch_than_asked_for_is_none(said: bytes) -> None:
    with pytest.raises(StorageUnavailable, match="The bucket crooked does not take or give blobs"):
        await ask([said])


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (refusal("403 Forbidden", "InvalidAccessKeyId", "test:plausch verysecret"), "says Inval"),
        (refusal("503 Slow Down", "SlowDown", "verysecret"), "says SlowDown"),
        (refusal("400 Bad Request", "very secret &lt;b&gt;", "verysecret"), "says Unknown"),
        (refusal("500 Internal", "x" * 41), "says Unknown"),
    ],
)
async def test_of_a_refusal_one_word_is_repeated(said: bytes, word: str) -> None:
    with pytest.raises(StorageUnavailable, match=word) as caught:
        await ask([said])
    assert "secret" not in str(caught.value)
    assert "test:plausch" not in str(caught.value)


async def test_a_service_that_is_away_is_asked_twice_and_is_a_sentence() -> None:
    async with crooked_s3([b""]) as address:
        pass
    bucket = await S3Bucket(address).open()
    with pytest.raises(StorageUnavailable, match="no answer, EndpointConnectionError"):
        await bucket.size("p/key")
    await bucket.close()
    found = await ask([refusal("503 Slow Down", "SlowDown"), answer("206 Partial", b"x", RANGE)])
    assert found == b"x"


async def test_trouble_that_passes_is_no_reason_not_to_start() -> None:
    for said in (refusal("503 Slow Down", "SlowDown"), refusal("429 Many", "TooManyRequests")):
        with pytest.raises(StorageUnavailable):
            await ask([said], "check")
    with pytest.raises(OperatorError) as caught:
        await ask([refusal("403 Forbidden", "AccessDenied")], "check")
    assert not isinstance(caught.value, StorageUnavailable)


async def test_a_service_that_did_not_answer_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with crooked_s3([answer("206 Partial", b"x", RANGE)]) as address:
        bucket = await S3Bucket(address).open()
        assert await bucket.get("p/key", 10, 100) == b"x"
    with pytest.raises(StorageUnavailable, match="no answer"):
        await bucket.get("p/key", 10, 100)
    with pytest.raises(StorageUnavailable, match="did not answer a moment ago"):
        await bucket.get("p/key", 10, 100)
    monkeypatch.setattr(bucket, "_pause_until_s", 0.0)
    with pytest.raises(StorageUnavailable, match="no answer"):
        await bucket.get("p/key", 10, 100)
    await bucket.close()


async def test_a_service_that_is_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_bucket, "REQUEST_S", 0.3)
    with pytest.raises(StorageUnavailable, match="in time"):
        await ask([b""])


async def test_a_list_has_pages_and_an_end() -> None:
    def page(key: str, token: str) -> bytes:
        more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}" if token else ""
        more += "</NextContinuationToken>" if token else ""
        text = (
            f"<ListBucketResult>{more}<Contents><Key>{key}</Key>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>"
        )
        return answer("200 OK", text.encode())

    found = await ask([page("p/1", "a"), page("p/2", "b"), page("p/3", "")], "objects")
    assert [one.key for one in found] == ["p/1", "p/2", "p/3"]  # type: ignore[attr-defined]
    found = await ask([page("p/1", "a")], "objects")  # the same page without end
    assert len(found) == 2  # type: ignore[arg-type]


async def test_parts_have_pages_and_an_end() -> None:
    def page(number: int, truncated: str) -> bytes:
        text = (
            f"<ListPartsResult><IsTruncated>{truncated}</IsTruncated><Part><PartNumber>{number}"
            '</PartNumber><Size>7</Size><ETag>"e"</ETag></Part></ListPartsResult>'
        )
        return answer("200 OK", text.encode())

    assert await ask([page(1, "true"), page(2, "false")], "parts") == [
        Part(1, 7, '"e"'),
        Part(2, 7, '"e"'),
    ]
    assert len(await ask([page(1, "true")], "parts")) == 2  # type: ignore[arg-type]


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tls, file = certificate(tmp_path)
    async with crooked_s3([answer("206 Partial", b"x", RANGE)], tls) as address:
        bucket = await S3Bucket(address).open()
        with pytest.raises(StorageUnavailable, match="no answer, SSLError"):
            await bucket.get("p/key", 10, 100)
        await bucket.close()
        monkeypatch.setenv("AWS_CA_BUNDLE", str(file))  # as an operator says whom to believe
        bucket = await S3Bucket(address).open()
        assert await bucket.get("p/key", 10, 100) == b"x"
        await bucket.close()


async def test_a_service_without_tls_is_not_asked_when_tls_is_meant() -> None:
    async with crooked_s3([answer("206 Partial", b"x", RANGE)]) as address:
        meant = address._replace(endpoint=address.endpoint.replace("http://", "https://"))
        bucket = await S3Bucket(meant).open()
        with pytest.raises(StorageUnavailable, match="no answer"):
            await bucket.get("p/key", 10, 100)
        await bucket.close()


@pytest.mark.parametrize("what", ["objects", "parts", "check"])
async def test_a_list_that_is_none_is_a_sentence_or_empty(what: str) -> None:
    with pytest.raises(StorageUnavailable, match="it says 500"):
        await ask([answer("200 OK", b"<no xml")], what)
    text = b"<ListBucketResult><Contents/><Part/></ListBucketResult>"
    assert await ask([answer("200 OK", text)], what) in ([], None)


# --- opening ---------------------------------------------------------------------------------


async def test_without_keys_it_says_where_they_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    with pytest.raises(OperatorError, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        await S3Bucket(S3Address("blobs")).open()


async def test_keys_may_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, s3: S3Service
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    file = tmp_path / "keys"
    file.write_text(
        "[default]\naws_access_key_id = test:plausch\naws_secret_access_key = testing\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    bucket = await S3Bucket(s3.address()).open()
    await bucket.check()
    await bucket.close()


async def test_without_the_library_it_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiobotocore.session", None)
    with pytest.raises(OperatorError, match=r"pip install 'plausch\[s3\]'"):
        await S3Bucket(S3Address("blobs")).open()


async def test_a_server_with_a_folder_does_not_load_the_library() -> None:
    program = "import plausch.server.main, sys; print('botocore' in sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said.strip() == b"False"


async def test_what_changed_on_the_way_is_refused(
    bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_bucket, "_md5", lambda body: "AAAAAAAAAAAAAAAAAAAAAA==")
    with pytest.raises(StorageUnavailable, match="BadDigest"):
        await bucket.put(key_in(bucket), secrets.token_bytes(100))
    assert await bucket.size(key_in(bucket)) is None
