"""A business that publishes profiles at a server's services, for tests of both databases."""

import hashlib
import secrets
from dataclasses import replace
from typing import Any

from delivery_world import DOMAIN, Player, World
from plausch.base.ids import AccountAddress
from plausch.domain.profile import Picture, Profile
from plausch.domain.profile_codec import encode_profile
from plausch.identity.keys import SigningKey
from plausch.identity.profile import issue_profile
from plausch.server.blobs import Blobs
from unit.domain.profiles import LINDE

PLAIN = replace(LINDE, pictures=())
"""The restaurant without pictures, which would have to be uploaded."""


class Shop:
    """A business with its keys."""

    def __init__(self, world: World, player: Player) -> None:
        self.world, self.player = world, player
        self.record = player.record
        self.name = player.record.name

    @classmethod
    async def open(cls, world: World, name: str = "linde", kind: str = "business") -> "Shop":
        return cls(world, await world.player(name, kind))

    def signed(
        self, seq: int = 1, profile: Profile = PLAIN, *, key: SigningKey | None = None
    ) -> bytes:
        return self.sealed(seq, encode_profile(profile), key=key)

    def sealed(self, seq: int, body: bytes, *, key: SigningKey | None = None) -> bytes:
        address = AccountAddress(self.name, DOMAIN)
        return issue_profile(
            key or self.player.person.identity, address, seq, self.world.now_s, body
        )

    async def publish(self, seq: int = 1, profile: Profile = PLAIN, **changed: Any) -> bytes:
        raw = self.signed(seq, replace(profile, **changed))
        await self.world.profiles.publish(self.record, raw)
        return raw

    async def withdraw(self, seq: int) -> bytes:
        raw = self.sealed(seq, b"")
        await self.world.profiles.withdraw(self.record, raw)
        return raw


async def uploaded(blobs: Blobs, shop: Shop, content: bytes) -> Picture:
    """A picture that lies on the server."""
    blob, digest = secrets.token_bytes(32), hashlib.sha256(content).digest()
    await blobs.begin(shop.record, blob, len(content), digest)
    await blobs.put(shop.record, blob, 0, content)
    return Picture(blob, digest, len(content), "image/png", 10, 10, "The garden")
