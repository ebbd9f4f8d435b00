"""Public profiles: publishing our own, and reading others' without believing the server.

A profile counts when the account's pinned identity key signed it and it is not older than the one
that this device has seen. What the directory says is the server's word; whoever opens an entry
reads the signed profile.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from plausch.base.ids import AccountAddress, NameRefused, parse_name
from plausch.domain.profile import Picture, Profile, missing_in
from plausch.domain.profile_check import ProfileRefused
from plausch.domain.profile_codec import encode_profile, parse_body
from plausch.identity.errors import IdentityRefused
from plausch.identity.profile import SignedProfile, issue_profile, parse_profile
from plausch.sdk.core import Core
from plausch.sdk.device_lists import identity_of
from plausch.sdk.errors import SdkError, ServerMisbehaved, ServerRefused, TrustRefused
from plausch.sdk.public_picture import ReadPicture
from plausch.sdk.vault.profiles import ProfileTable
from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES

ATTEMPTS = 3
"""How often a number is tried when other devices of the business publish at the same moment."""


@dataclass(frozen=True, slots=True)
class PublishedProfile:
    """What a business says in public; `profile` None: it withdrew its profile."""

    address: AccountAddress
    seq: int
    issued_at_s: int
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """What the server's directory says of a business."""

    address: AccountAddress
    title: str
    kind: str
    postal_code: str
    locality: str


class Profiles:
    """The profiles that a device reads and publishes."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._table = ProfileTable(core.vault)

    async def get(self, address: AccountAddress) -> PublishedProfile | None:
        """The newest profile of an account; None when it never had one.

        Raises TrustRefused (forged, rolled back, two of one number, withheld), ServerRefused (no
        such account), ServerMisbehaved, Unreachable.
        """
        signed = await self._newest(address)
        if signed is None:
            return None
        try:
            profile = None if signed.is_withdrawn else parse_body(signed.body)
        except ProfileRefused as error:
            raise TrustRefused(f"{address} signed a profile that is none: {error}") from error
        return PublishedProfile(address, signed.seq, signed.issued_at_s, profile)

    async def publish(
        self, profile: Profile, pictures: Sequence[tuple[ReadPicture, str]] = ()
    ) -> PublishedProfile:
        """Publish this account's profile, with (picture, what is on it).

        Raises NotOwner, ProfileRefused, SdkError `incomplete_imprint`, `not_a_business`,
        ServerRefused, TrustRefused, Unreachable.
        """
        self._demand_business()
        missing = missing_in(profile)
        if missing:
            raise SdkError(
                "A profile without a complete imprint cannot go public; missing: "
                f"{', '.join(missing)}.",
                code="incomplete_imprint",
            )
        encode_profile(profile)  # before anything is uploaded
        shown = tuple([await self._uploaded(picture, text) for picture, text in pictures])
        whole = replace(profile, pictures=shown)
        body = encode_profile(whole)
        signed = await self._next(body, f.PublishProfile)
        return PublishedProfile(self._core.address, signed.seq, signed.issued_at_s, whole)

    async def withdraw(self) -> PublishedProfile:
        """This account has no public profile any more. Raises as `publish`."""
        self._demand_business()
        signed = await self._next(b"", f.WithdrawProfile)
        return PublishedProfile(self._core.address, signed.seq, signed.issued_at_s, None)

    async def search(
        self, words: str = "", kind: str = "", place: str = "", after: str = "", limit: int = 20
    ) -> tuple[list[DirectoryEntry], bool]:
        """Businesses that want to be found, and whether there are more after the last of them.

        Raises ServerRefused, Unreachable.
        """
        answer = await self._core.transport.ask(
            lambda request_id: f.SearchDirectory(request_id, words, kind, place, after, limit),
            f.Directory,
        )
        return [self._entry(one) for one in answer.found], answer.more

    def _entry(self, one: f.Listed) -> DirectoryEntry:
        try:
            address = AccountAddress(parse_name(one.name), self._core.address.domain)
        except NameRefused as error:
            raise ServerMisbehaved(f"The server's directory names nobody: {error}") from error
        return DirectoryEntry(address, one.title, one.kind, one.postal_code, one.locality)

    async def _newest(self, address: AccountAddress) -> SignedProfile | None:
        """As the server shows it, verified, and kept."""
        key = await self._key_of(address)
        answer = await self._core.transport.ask(
            lambda request_id: f.GetProfile(request_id, address.name), f.Profile
        )
        known = await self._table.get(address)
        if not answer.profile:
            if known:
                raise TrustRefused(
                    f"The server withholds the profile of {address}, which this device has seen."
                )
            return None
        try:
            signed = parse_profile(answer.profile)
            if (signed.account, signed.identity_key) != (address, key):
                raise TrustRefused(
                    f"The server shows a profile of {address} that {address} did not sign."
                )
            is_newer = not known or signed.supersedes(known)
        except IdentityRefused as error:
            raise TrustRefused(f"The profile of {address} is not believed: {error}") from error
        if is_newer:
            await self._core.vault.write([self._table.put(address, signed.raw)])
        return signed

    async def _key_of(self, address: AccountAddress) -> bytes:
        """The identity key that this device has pinned."""
        if address == self._core.address:
            return self._core.trust.device_list(address).identity_key
        return (await self._core.trust.ensure(address)).identity_key

    async def _next(
        self, body: bytes, kind: type[f.PublishProfile] | type[f.WithdrawProfile]
    ) -> SignedProfile:
        """Sign and hand in the number after the newest one."""
        identity = identity_of(self._core)
        address = self._core.address
        for attempt in range(ATTEMPTS):
            newest = await self._newest(address)
            seq = 1 if newest is None else newest.seq + 1
            raw = issue_profile(identity, address, seq, self._core.now_s(), body)
            try:
                await self._core.transport.ask(partial(kind, profile=raw), f.Done)
            except ServerRefused as error:
                if error.code != "stale_profile" or attempt == ATTEMPTS - 1:
                    raise
            else:
                await self._core.vault.write([self._table.put(address, raw)])
                return parse_profile(raw)
        raise AssertionError("the last attempt returns or raises")

    def _demand_business(self) -> None:
        if self._core.own.kind != "business":
            raise SdkError("Only a business has a public profile.", code="not_a_business")

    async def _uploaded(self, picture: ReadPicture, text: str) -> Picture:
        """The picture on the server, as it is: everybody may see it."""
        blob, content = secrets.token_bytes(32), picture.content
        digest = hashlib.sha256(content).digest()
        stands = await self._core.transport.ask(
            lambda request_id: f.BeginBlob(request_id, blob, len(content), digest), f.BlobStands
        )
        while stands.offset < len(content):
            at, before = stands.offset, stands
            chunk = content[at : at + BLOB_CHUNK_BYTES]
            put = partial(f.PutBlobChunk, blob=blob, offset=at, chunk=chunk)
            stands = await self._core.transport.ask(put, f.BlobStands)
            if stands.offset <= before.offset:
                raise ServerMisbehaved("The server does not take the picture: try again.")
        return Picture(
            blob, digest, len(content), picture.media_type, picture.width, picture.height, text
        )
