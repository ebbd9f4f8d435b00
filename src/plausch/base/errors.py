"""Errors that say whose fault it is and what to do (habit 3 of the house).

Every error a user can meet derives from `PlauschError`; its text is a sentence for people,
its `code` a stable word for programs.
"""

from enum import StrEnum


class Fault(StrEnum):
    """Who has to change something for the operation to succeed."""

    LOCAL = "local"
    """The caller: a wrong argument, a missing file, a call in the wrong state."""

    REMOTE = "remote"
    """The other side: a peer or a server sent what the protocol does not allow."""

    OPERATOR = "operator"
    """The machine: disk full, database away, no network."""


class PlauschError(Exception):
    """Base of all expected failures.

    `code` is lower_snake_case and stable; `str(error)` is one clear sentence: what is wrong,
    where, and what to do about it.
    """

    fault: Fault = Fault.LOCAL
    code: str = "error"

    def __init__(
        self, sentence: str, *, code: str | None = None, fault: Fault | None = None
    ) -> None:
        super().__init__(sentence)
        if code is not None:
            self.code = code
        if fault is not None:
            self.fault = fault


class LocalError(PlauschError):
    """The caller asked for something that cannot be."""

    fault = Fault.LOCAL
    code = "usage"


class RemoteError(PlauschError):
    """The other side broke the protocol or refused."""

    fault = Fault.REMOTE
    code = "protocol"


class OperatorError(PlauschError):
    """The machine or its surroundings failed."""

    fault = Fault.OPERATOR
    code = "unavailable"
