"""Names of pre-shared keys, as proposals and Welcomes carry them (RFC 9420 section 8.4).

Public: the keys themselves are in `psk`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, u8, u64
from plausch.mls.errors import CodecError, require
from plausch.mls.suite import Suite

PSK_ID_LIMIT = 1 << 12


class PskType(IntEnum):
    """Where a pre-shared key comes from."""

    EXTERNAL = 1
    RESUMPTION = 2


class ResumptionUsage(IntEnum):
    """What a resumption PSK is used for (RFC 9420 section 8.6)."""

    APPLICATION = 1
    REINIT = 2
    BRANCH = 3


@dataclass(frozen=True, slots=True)
class PreSharedKeyId:
    """Names one use of one pre-shared key.

    External: `psk_id` is the application's name of the key. Resumption: `usage`, `group_id` and
    `epoch` say which epoch's resumption secret is meant. `nonce` makes each use differ.
    """

    type: PskType
    psk_id: bytes
    usage: ResumptionUsage | None
    group_id: bytes
    epoch: int
    nonce: bytes

    @classmethod
    def external(cls, psk_id: bytes, nonce: bytes) -> Self:
        """A key that the application handed to the members; `nonce` has KDF.Nh bytes."""
        return cls(PskType.EXTERNAL, psk_id, None, b"", 0, nonce)

    @classmethod
    def resumption(cls, usage: ResumptionUsage, group_id: bytes, epoch: int, nonce: bytes) -> Self:
        """The resumption secret of an epoch of a group."""
        return cls(PskType.RESUMPTION, b"", usage, group_id, epoch, nonce)

    @property
    def continues_group(self) -> bool:
        """Whether it binds a new group to the one it follows or branches off from."""
        return self.usage in (ResumptionUsage.REINIT, ResumptionUsage.BRANCH)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        kind = reader.u8()
        if kind == PskType.EXTERNAL:
            return cls.external(reader.opaque(PSK_ID_LIMIT), reader.opaque(255))
        if kind != PskType.RESUMPTION:
            raise CodecError(f"A pre-shared key has the unknown type {kind}.")
        usage = reader.u8()
        if usage not in ResumptionUsage.__members__.values():
            raise CodecError(f"A resumption key has the unknown usage {usage}.")
        group_id, epoch = reader.opaque(255), reader.u64()
        return cls.resumption(ResumptionUsage(usage), group_id, epoch, reader.opaque(255))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        if self.type == PskType.EXTERNAL:
            return u8(self.type) + opaque(self.psk_id) + opaque(self.nonce)
        return (
            u8(self.type)
            + u8(self.usage or 0)
            + opaque(self.group_id)
            + u64(self.epoch)
            + opaque(self.nonce)
        )


def check_psk_proposals(suite: Suite, ids: Sequence[PreSharedKeyId], is_first: bool) -> None:
    """Each PSK of a proposal list: nonce length, usage, no repetition (RFC 9420 section 12.1.4).

    `is_first`: the Commit is a group's first, which may continue one other group.
    Raises ValidationError `psk-nonce`, `psk-usage`, `psk-unique`.
    """
    for psk in ids:
        require(
            len(psk.nonce) == suite.hash_length,
            "psk-nonce",
            f"A pre-shared key's nonce has {len(psk.nonce)} bytes, not {suite.hash_length}.",
        )
    continued = [psk for psk in ids if psk.continues_group]
    require(
        len(continued) <= is_first,
        "psk-usage",
        "A resumption key for reinit or branch may only stand in a group's first Commit, and once.",
    )
    require(
        len(set(ids)) == len(ids), "psk-unique", "One Commit names the same pre-shared key twice."
    )
