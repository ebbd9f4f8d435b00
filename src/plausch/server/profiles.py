"""Public profiles of businesses: published by them, shown to everybody, found in the directory.

The server believes none that the business's identity key did not sign, and takes none that is older
than the one it has or that lacks a part of the imprint. It cannot make one up: who reads a profile
verifies the signature (identity.profile).
"""

from typing import NamedTuple

from plausch.base.clock import Clock
from plausch.base.ids import AccountAddress, NameRefused, parse_name
from plausch.db.interface import Database, Transaction
from plausch.domain.profile import Picture, Profile, missing_in
from plausch.domain.profile_check import ProfileRefused
from plausch.domain.profile_codec import parse_body
from plausch.identity.errors import IdentityRefused
from plausch.identity.profile import SignedProfile, parse_profile
from plausch.server import directory_words
from plausch.server.blobs import name_of
from plausch.server.errors import Refusal, unlisted
from plausch.server.hourly import Hourly
from plausch.server.limits import Limits
from plausch.server.records import BUSINESS, DeviceRecord
from plausch.server.store import account, blob, device, profile
from plausch.server.store.allowance import Kind
from plausch.server.store.profile import FoundRow, ProfileRow, Query


class Found(NamedTuple):
    """A page of the directory."""

    found: list[FoundRow]
    more: bool


class PublicProfile(NamedTuple):
    """What a visitor is shown: who it is, what was signed, and what that says."""

    account: AccountAddress
    signed: SignedProfile
    profile: Profile


class Profiles:
    """The profiles of one server's businesses."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, domain: str) -> None:
        self._database, self._clock, self._domain = database, clock, domain
        self._published = Hourly(
            database,
            clock,
            Kind.PROFILES_PUBLISHED,
            limits.profiles_published_per_hour,
            "This account has changed its profile too often: try again later.",
        )
        self._searched = Hourly(
            database,
            clock,
            Kind.SEARCHES,
            limits.searches_per_hour,
            "This account has searched too often: try again later.",
        )

    async def publish(self, owner: DeviceRecord, raw: bytes) -> None:
        """The business's next profile; the same one again is taken again.

        Raises Refusal `not_a_business`, `bad_profile`, `incomplete_imprint`, `stale_profile`,
        `unknown_blob`, `unknown_device`, `rate_limited`; StorageUnavailable.
        """
        signed = await self._checked(owner, raw)
        if signed.is_withdrawn:
            raise Refusal("bad_profile", "An empty profile is none: withdraw it instead.")
        try:
            said = parse_body(signed.body)
        except ProfileRefused as error:
            raise Refusal("bad_profile", str(error)) from error
        missing = missing_in(said)
        if missing:
            raise Refusal(
                "incomplete_imprint",
                f"A profile without a complete imprint cannot go public; missing: "
                f"{', '.join(missing)}.",
            )
        row = ProfileRow(
            signed.seq,
            raw,
            self._clock.now_ms(),
            int(said.listed),
            said.name,
            said.kind,
            said.address.postal_code,
            said.address.locality,
            directory_words.kept([said.name, owner.name]),
            directory_words.kept([said.address.postal_code, said.address.locality]),
        )
        await self._put(owner, row, said.pictures)

    async def withdraw(self, owner: DeviceRecord, raw: bytes) -> None:
        """The business has no profile any more. Raises as `publish`."""
        signed = await self._checked(owner, raw)
        if not signed.is_withdrawn:
            raise Refusal("bad_profile", "This profile is not empty: publish it instead.")
        await self._put(owner, ProfileRow(signed.seq, raw, self._clock.now_ms(), 0), ())

    async def get(self, name: str) -> bytes:
        """The newest signed profile of an account, which may be a withdrawal; empty: never one.

        Raises Refusal `bad_name`, `unknown_account`.
        """
        try:
            parse_name(name)
        except NameRefused as error:
            raise Refusal("bad_name", str(error)) from error

        async def look(tx: Transaction) -> tuple[bool, bytes | None]:
            signed = await profile.by_name(tx, name)
            return signed is not None or await account.by_name(tx, name) is not None, signed

        exists, signed = await self._database.read(look)
        if not exists:
            raise Refusal("unknown_account", f"There is no account {name} here: check the name.")
        return signed or b""

    async def public(self, name: str) -> PublicProfile | None:
        """What the page of a business shows; None when there is nothing public."""
        raw = await self._database.read(lambda tx: profile.by_name(tx, name))
        if raw is None:
            return None
        signed = parse_profile(raw)
        if signed.is_withdrawn:
            return None
        return PublicProfile(signed.account, signed, parse_body(signed.body))

    async def search(
        self, searcher: DeviceRecord, words: str, kind: str, place: str, after: str, limit: int
    ) -> Found:
        """The businesses that want to be found and fit. Raises Refusal `rate_limited`,
        StorageUnavailable."""
        await self._searched.count_reading(searcher.account_key)
        if "\0" in kind + after:  # PostgreSQL has no such texts
            return Found([], more=False)
        query = Query(
            directory_words.patterns(words),
            kind,
            directory_words.place_pattern(place),
            after,
            limit + 1,
        )
        found = await self._database.read(lambda tx: profile.find(tx, query))
        return Found(found[:limit], len(found) > limit)

    async def close(self) -> None:
        """Give back what is not used of anybody's hour."""
        await self._published.close()
        await self._searched.close()

    async def _checked(self, owner: DeviceRecord, raw: bytes) -> SignedProfile:
        """The profile, signed by this very account."""
        await self._published.count(owner.account_key)
        if owner.kind != BUSINESS:
            raise Refusal("not_a_business", "Only a business has a public profile.")
        try:
            signed = parse_profile(raw)
        except IdentityRefused as error:
            raise Refusal("bad_profile", str(error)) from error
        address = AccountAddress(owner.name, self._domain)
        if (signed.account, signed.identity_key) != (address, owner.identity_key):
            raise Refusal(
                "bad_profile", f"This profile is not one of {address}, signed by its identity key."
            )
        return signed

    async def _put(
        self, owner: DeviceRecord, row: ProfileRow, pictures: tuple[Picture, ...]
    ) -> None:
        async def body(tx: Transaction) -> None:
            await account.lock(tx, owner.account_key)
            if not await device.hold(tx, owner.key):
                raise unlisted()
            known = await profile.of_account(tx, owner.account_key)
            if known is not None and known[1] == row.signed:
                return
            if known is not None and row.seq <= known[0]:
                raise Refusal(
                    "stale_profile",
                    f"The profile has number {row.seq}, and number {known[0]} is published "
                    "already: number it higher.",
                )
            kept = [await _kept_picture(tx, owner, one) for one in pictures]
            await profile.put(tx, owner.account_key, row, kept)

        await self._database.transact(body, repeatable=True)


async def _kept_picture(
    tx: Transaction, owner: DeviceRecord, picture: Picture
) -> tuple[bytes, bytes]:
    """(digest, blob name) of a picture that the business has uploaded."""
    name = name_of(picture.blob)
    found = await blob.find(tx, name)
    if (
        found is None
        or not found.whole
        or found.account_key != owner.account_key
        or (found.digest, found.length) != (picture.digest, picture.size_bytes)
    ):
        raise Refusal(
            "unknown_blob",
            f"The picture {picture.text!r} is not on the server as the profile describes it: "
            "upload it first.",
        )
    return picture.digest, name
