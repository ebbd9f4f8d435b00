"""Refusals carry what a device needs to go on."""

import errno
import os
import socket

import pytest

from plausch.base.errors import Fault, PlauschError
from plausch.server.errors import Refusal, cannot_listen, stale_epoch, unknown_conversation


def test_a_refusal_is_the_requesters_fault_unless_it_says_otherwise() -> None:
    refusal = Refusal("rate_limited", "Wait.", retry_after_ms=5)
    assert isinstance(refusal, PlauschError)
    assert (refusal.code, str(refusal), refusal.fault) == ("rate_limited", "Wait.", Fault.LOCAL)
    assert (refusal.epoch, refusal.head, refusal.retry_after_ms) == (-1, -1, 5)
    assert Refusal("internal", "x", fault=Fault.OPERATOR).fault is Fault.OPERATOR


def test_a_stale_epoch_says_what_is_true_now() -> None:
    refusal = stale_epoch(7, 40)
    assert (refusal.code, refusal.epoch, refusal.head) == ("stale_epoch", 7, 40)
    assert "epoch 7" in str(refusal)
    assert "40" in str(refusal)


def test_an_unknown_conversation_looks_like_a_foreign_one() -> None:
    assert unknown_conversation().code == "unknown_conversation"
    assert str(unknown_conversation()) == str(unknown_conversation())


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)), "has that port"),
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), "Choose another with --port"),
        (OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL)), "own with --host"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "own with --host"),
    ],
)
def test_where_nobody_can_listen_it_is_said_what_to_change(error: OSError, advice: str) -> None:
    said = cannot_listen("10.9.9.9", 7480, error)
    assert said.code == "port_unavailable"
    assert f"port 7480: {error.strerror}. " in str(said) and advice in str(said)
