"""What every request to a device is: a value that knows how to carry itself out."""

from typing import ClassVar, Generic, TypeVar

import msgspec

from plausch.sdk import Client

Answer = TypeVar("Answer", bound=msgspec.Struct)

ANSWER_S = 120.0
"""How long another process may take to carry a request out."""


class Request(msgspec.Struct, Generic[Answer], frozen=True, kw_only=True):
    """Something that a client can be asked for."""

    answer_type: ClassVar[type[msgspec.Struct]]
    answer_s: ClassVar[float] = ANSWER_S

    async def carry_out(self, client: Client) -> Answer:
        """Do it. Raises what the SDK raises."""
        raise NotImplementedError
