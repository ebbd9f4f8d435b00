"""Why an operation was not carried out: a stable code and one sentence; nothing has changed."""

import msgspec

from plausch.base.errors import LocalError, PlauschError


class OperationRefused(LocalError):
    """The operation cannot be carried out as it was asked for; nothing has changed.

    Codes of its own: `unknown_operation`, `bad_params`, `unknown`, `outdated`, `stale`,
    `too_large`, those of `Unavailable` (such as `full`), and those of `BookingRefused`.
    """

    code = "refused"


class Refusal(msgspec.Struct, frozen=True):
    """As it is told: the code for programs, the sentence for people."""

    code: str
    sentence: str


def refusal_of(error: PlauschError) -> Refusal:
    """What is told of an error that an operation ran into."""
    return Refusal(error.code, str(error))
