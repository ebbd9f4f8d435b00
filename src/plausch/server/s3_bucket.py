"""One bucket of an S3-compatible service: what S3Blobs asks of it, and what it says when it fails.

The library (aiobotocore, an extra of the package, docs/decisions/0020) is imported when a bucket
is opened and not before. Whatever it raises becomes StorageUnavailable: a sentence with the
bucket's name and S3's word for the fault, and nothing else of the answer, which may repeat keys.

Times: 4 s for a connection, 10 s without a byte, 12 s for all of a request with its repetition and
a second more for each 128 KiB that are sent. A service that did not answer is left alone for 5 s:
a device's messages wait behind its files, and devices wait half a minute for an answer.

What is sent carries its MD5, so that the service refuses bytes that changed on the way.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple, Self

from plausch.base.errors import OperatorError
from plausch.db.interface import StorageUnavailable
from plausch.server.s3_address import S3Address

CONNECT_S = 4
SILENCE_S = 10
REQUEST_S = 12
SLOW_BYTES_PER_S = 128 * 1024
PAUSE_S = 5
ATTEMPTS = 2
CONNECTIONS = 32

ABSENT = frozenset({"404", "NoSuchKey", "NoSuchUpload", "NotFound"})
"""What services say when there is no such thing. A HEAD's answer has a number only."""

_WORD = re.compile(r"[A-Za-z0-9]{1,40}")


class Part(NamedTuple):
    """A part of an upload, as the service has it."""

    number: int
    length: int
    etag: str


class Stored(NamedTuple):
    """An object, or an upload in parts: its key, since when, and the upload's id."""

    key: str
    at_ms: int
    multipart: str = ""


class S3Bucket:
    """A bucket, once opened. All methods raise StorageUnavailable, and may be repeated."""

    def __init__(self, address: S3Address) -> None:
        self.address = address
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._faults: tuple[type[BaseException], ...] = ()
        self._pause_until_s = 0.0

    async def open(self) -> Self:
        """Load the library and find the keys. Raises OperatorError: one of them is missing."""
        try:
            import aiohttp
            from aiobotocore.config import AioConfig
            from aiobotocore.session import get_session
            from botocore.exceptions import BotoCoreError, ClientError
            from botocore.parsers import ResponseParserError
        except ImportError:
            raise OperatorError(
                "For blobs in a bucket a library is missing: pip install 'plausch[s3]'.",
                code="bad_config",
            ) from None
        self._faults = (
            BotoCoreError,
            ClientError,
            ResponseParserError,
            aiohttp.ClientError,
            OSError,
        )
        session, address = get_session(), self.address
        try:
            keys = await session.get_credentials()
        except BotoCoreError:
            keys = None
        if keys is None:
            raise OperatorError(
                "There are no keys for the bucket: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY in the environment of the server.",
                code="bad_config",
            )
        config = AioConfig(
            connect_timeout=CONNECT_S,
            read_timeout=SILENCE_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=CONNECTIONS,
            s3={"addressing_style": address.style},
            # Only Amazon knows its newer checksums, which the library would send unasked.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            ignore_configured_endpoint_urls=True,
        )
        client = session.create_client(
            "s3",
            region_name=address.region,
            endpoint_url=address.endpoint or None,
            config=config,
        )
        self._client = await self._stack.enter_async_context(client)
        return self

    async def close(self) -> None:
        """Let go of the connections."""
        await self._stack.aclose()

    async def check(self) -> None:
        """Raises OperatorError when there is no such bucket or it is not ours to use;
        StorageUnavailable when it may be later."""
        try:
            await self._ask("list_objects_v2", MaxKeys=1, Prefix=self.address.prefix)
        except _Refused as error:
            if error.passing:
                raise
            raise OperatorError(
                f"The bucket {self.address.bucket} refuses the server ({error.word}): look at its "
                "name, the region and the keys.",
                code="bad_config",
            ) from None

    async def size(self, key: str) -> int | None:
        """How long an object is; None when there is none."""
        found = await self._ask("head_object", ("ContentLength",), Key=key)
        return None if found is None else int(found["ContentLength"])

    async def put(self, key: str, body: bytes) -> None:
        """An object, whole or not at all."""
        await self._ask("put_object", Key=key, Body=body, ContentMD5=_md5(body))

    async def get(self, key: str, offset: int, limit: int) -> bytes | None:
        """A stretch of an object, shorter at its end; None when there is none."""
        try:
            found = await self._ask(
                "get_object",
                ("ContentLength", "Body"),
                read=limit,
                Key=key,
                Range=f"bytes={offset}-{offset + limit - 1}",
            )
        except _Refused as error:
            if error.word in ("InvalidRange", "416"):
                return b""
            raise
        if found is None:
            return None
        length = found["ContentLength"]
        if not found.get("ContentRange", "").startswith(f"bytes {offset}-") or length > limit:
            raise self._unavailable("it answers another stretch than was asked for")
        if len(found["Body"]) != length:
            raise self._unavailable("its answer was cut off")
        body: bytes = found["Body"]
        return body

    async def delete(self, key: str) -> None:
        """Without an object too."""
        await self._ask("delete_object", Key=key)

    async def begin(self, key: str) -> str:
        """An upload in parts; its id."""
        found = await self._ask("create_multipart_upload", ("UploadId",), Key=key)
        if found is None:
            raise self._unavailable("it takes no uploads in parts")
        return str(found["UploadId"])

    async def put_part(self, key: str, multipart: str, number: int, body: bytes) -> bool:
        """One part; False when there is no such upload any more."""
        found = await self._ask(
            "upload_part",
            Key=key,
            UploadId=multipart,
            PartNumber=number,
            Body=body,
            ContentMD5=_md5(body),
        )
        return found is not None

    async def parts(self, key: str, multipart: str) -> list[Part]:
        """What the service has of an upload; nothing when there is no such upload."""
        parts: list[Part] = []
        after = 0
        while True:
            found = await self._ask(
                "list_parts", Key=key, UploadId=multipart, PartNumberMarker=after
            )
            if found is None:
                return []
            parts += [
                Part(int(one["PartNumber"]), int(one["Size"]), str(one["ETag"]))
                for one in _entries(found, "Parts", "PartNumber", "Size", "ETag")
            ]
            if not found.get("IsTruncated") or parts[-1:] == [] or parts[-1].number <= after:
                return parts
            after = parts[-1].number

    async def complete(self, key: str, multipart: str, parts: Sequence[Part]) -> bool:
        """An object out of its parts; False when there is no such upload any more."""
        listed = [{"PartNumber": one.number, "ETag": one.etag} for one in parts]
        found = await self._ask(
            "complete_multipart_upload",
            Key=key,
            UploadId=multipart,
            MultipartUpload={"Parts": listed},
        )
        return found is not None

    async def abort(self, key: str, multipart: str) -> None:
        """Let go of the parts of an upload; without an upload too."""
        await self._ask("abort_multipart_upload", Key=key, UploadId=multipart)

    async def objects(self, prefix: str) -> AsyncIterator[Stored]:
        """All objects whose keys begin so."""
        after = ""
        while True:
            more: dict[str, Any] = {"ContinuationToken": after} if after else {}
            found = await self._ask("list_objects_v2", Prefix=prefix, **more) or {}
            for one in _entries(found, "Contents", "Key", "LastModified"):
                yield Stored(str(one["Key"]), _ms(one["LastModified"]))
            before, after = after, str(found.get("NextContinuationToken", ""))
            if not found.get("IsTruncated") or after in ("", before):
                return

    async def uploads(self, prefix: str) -> list[Stored]:
        """The first thousand uploads in parts that are not complete and whose keys begin so."""
        found = await self._ask("list_multipart_uploads", Prefix=prefix) or {}
        return [
            Stored(str(one["Key"]), _ms(one["Initiated"]), str(one["UploadId"]))
            for one in _entries(found, "Uploads", "Key", "Initiated", "UploadId")
        ]

    # --- inside --------------------------------------------------------------------------

    async def _ask(
        self, operation: str, needed: Sequence[str] = (), *, read: int = 0, **given: object
    ) -> Any:
        """The service's answer with what is needed of it, a body read up to `read` bytes; None when
        there is no such thing.

        Raises StorageUnavailable.
        """
        now_s = asyncio.get_running_loop().time
        if now_s() < self._pause_until_s:
            raise self._unavailable("it did not answer a moment ago")
        body = given.get("Body", b"")
        sending_s = len(body) / SLOW_BYTES_PER_S if isinstance(body, bytes) else 0
        try:
            async with asyncio.timeout(REQUEST_S + sending_s):
                found = await getattr(self._client, operation)(Bucket=self.address.bucket, **given)
                if any(one not in found for one in needed):
                    raise self._unavailable("its answer is not what S3 says")
                if read:
                    async with found["Body"] as stream:
                        found["Body"] = await _read(stream, read)
                return found
        except TimeoutError:
            self._pause_until_s = now_s() + PAUSE_S
            raise self._unavailable("it does not answer in time") from None
        except self._faults as error:
            word = _word_of(error)
            if word in ABSENT:
                return None
            if word:
                raise _Refused(self.address.bucket, word, _is_passing(error)) from None
            self._pause_until_s = now_s() + PAUSE_S
            raise self._unavailable(f"no answer, {type(error).__name__}") from None

    def _unavailable(self, what: str) -> StorageUnavailable:
        return StorageUnavailable(
            f"The bucket {self.address.bucket} does not take or give blobs: {what}."
        )


class _Refused(StorageUnavailable):
    """The service said no; `word` is its own. `passing`: it is the service's own trouble."""

    def __init__(self, bucket: str, word: str, passing: bool) -> None:
        super().__init__(f"The bucket {bucket} does not take or give blobs: it says {word}.")
        self.word, self.passing = word, passing


def _entries(found: Any, field: str, *needed: str) -> list[Any]:
    """Those of a list that say what is needed of them."""
    return [one for one in found.get(field, ()) if all(name in one for name in needed)]


def _word_of(error: BaseException) -> str:
    """S3's word for a fault, if it is a word; empty when the service did not answer."""
    response = getattr(error, "response", None)
    word = str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
    if isinstance(response, dict) and not _WORD.fullmatch(word):
        return "Unknown"
    return word


def _is_passing(error: BaseException) -> bool:
    status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return bool(status in (408, 429) or status >= 500)


async def _read(body: Any, limit: int) -> bytes:
    """Up to `limit` bytes, and one more to be seen."""
    read = bytearray()
    while len(read) <= limit and (piece := await body.read(limit + 1 - len(read))):
        read += piece
    return bytes(read)


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _ms(moment: Any) -> int:
    return int(moment.timestamp() * 1000)
