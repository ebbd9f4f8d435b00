"""The list of operations: named, described, and typed throughout."""

import re

import pytest

from plausch.agent.operations.executor import Operation
from plausch.agent.operations.registry import OPERATIONS, OWNERS
from plausch.agent.operations.views import View
from plausch.content.rpc import Call, decode_rpc


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_an_operation_is_described_and_typed(operation: Operation) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z][A-Za-z]+", operation.name)
    assert operation.meaning.endswith(".")
    assert issubclass(operation.params, View)
    call = b'{"jsonrpc":"2.0","id":"abcdefgh","method":"%s"}' % operation.name.encode()
    assert isinstance(decode_rpc(call), Call), "it can be asked for by RPC"


def test_names_are_unique_and_in_their_place() -> None:
    assert all(name == operation.name for name, operation in OPERATIONS.items())


def test_what_looks_reads_and_what_does_changes() -> None:
    reading = {name for name, operation in OPERATIONS.items() if operation.reads}
    assert {"agent.status", "business.get", "bookings.plan", "bookings.available"} <= reading
    assert not reading & {"bookings.book", "bookings.cancel", "business.setHours"}


def test_what_only_owners_may_is_there_and_marked() -> None:
    marked = {name for name, operation in OPERATIONS.items() if operation.owners_only}
    assert marked == OWNERS
