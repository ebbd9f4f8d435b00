"""The state table, walked by both ends together, and every step that is not in it."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from plausch.base.errors import LocalError
from plausch.wire import codec
from plausch.wire import frames as f
from plausch.wire.session import (
    ALLOWED,
    ANSWERS,
    PUSHED_IN,
    PUSHES,
    STEPS,
    UNANSWERED,
    ClientSession,
    ServerSession,
    State,
    refused,
)
from unit.wire.samples import CLIENT, CONVERSATION, DEVICE, SERVER

HELLO = f.Hello(f.PROTOCOL_VERSION, "localhost", bytes(32), "open")
PUSH = f.MailboxMoved(1)


def greeted() -> tuple[ClientSession, ServerSession]:
    client, server = ClientSession(), ServerSession()
    client.receive_bytes(server.send_frame(HELLO))
    return client, server


def up(client: ClientSession, server: ServerSession, frame: f.ClientFrame) -> None:
    assert server.receive_bytes(client.send_frame(frame)) == frame


def down(client: ClientSession, server: ServerSession, frame: f.ServerFrame) -> None:
    assert client.receive_bytes(server.send_frame(frame)) == frame


def logged_in() -> tuple[ClientSession, ServerSession]:
    client, server = greeted()
    up(client, server, f.Login(client.next_id(), DEVICE, bytes(64)))
    down(client, server, f.LoggedIn(1, 0, 0, False))
    return client, server


def resumed() -> tuple[ClientSession, ServerSession]:
    client, server = logged_in()
    up(client, server, f.Resume(client.next_id(), b""))
    down(client, server, f.Resumed(2, [], 0, False))
    return client, server


def pairing() -> tuple[ClientSession, ServerSession]:
    client, server = greeted()
    up(client, server, f.OpenPairing(client.next_id(), CONVERSATION, 0, bytes(16), 0))
    down(client, server, f.Done(1))
    return client, server


def test_the_tables_are_complete() -> None:
    kinds = {type(frame) for frame in CLIENT}
    assert set(ANSWERS) | UNANSWERED == kinds
    assert not set(ANSWERS) & UNANSWERED
    answers = set(ANSWERS.values()) | {f.Refused}
    assert answers | PUSHES | {f.Hello, f.Closing} == {type(frame) for frame in SERVER}
    assert set(ALLOWED) == set(State)
    assert set(PUSHED_IN) == PUSHES
    for state, frame in STEPS:
        assert frame in ALLOWED[state] or frame in answers


def test_a_registration_then_a_login_then_pushes() -> None:
    client, server = greeted()
    up(client, server, f.Register(client.next_id(), "anna", "person", "", b"", b""))
    assert client.state is server.state is State.REGISTERING
    down(client, server, f.Done(1))
    assert client.state is server.state is State.OPENING
    up(client, server, f.Login(client.next_id(), DEVICE, bytes(64)))
    assert client.state is server.state is State.LOGGING_IN
    down(client, server, f.LoggedIn(2, 0, 0, False))
    assert client.state is server.state is State.LOGGED_IN
    assert server.logged_in
    up(client, server, f.Resume(client.next_id(), b""))
    down(client, server, PUSH)  # may overtake the answer
    down(client, server, f.Resumed(3, [], 0, True))
    up(client, server, f.Resume(client.next_id(), b""))
    down(client, server, f.Resumed(4, [], 0, False))
    assert client.state is server.state is State.RESUMED
    assert client.unanswered == 0
    down(client, server, f.Closing("server_restart", "Bye.", 0))
    assert client.state is server.state is State.CLOSED


@pytest.mark.parametrize("request_kind", [f.Register, f.Login, f.OpenPairing])
def test_a_refusal_leads_back_to_the_opening(request_kind: type[f.Frame]) -> None:
    client, server = greeted()
    frame = next(one for one in CLIENT if type(one) is request_kind)
    up(client, server, frame)
    down(client, server, refused(1, "bad_signature", "No."))
    assert client.state is server.state is State.OPENING
    assert not server.logged_in


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("frame", CLIENT, ids=lambda one: type(one).__name__)
def test_both_ends_hold_to_what_is_allowed(state: State, frame: f.ClientFrame) -> None:
    client, server = greeted()
    client.state = server.state = state
    if type(frame) in ALLOWED[state]:
        up(client, server, frame)
        return
    with pytest.raises(LocalError, match=r"cannot be sent while"):
        client.send_frame(frame)
    with pytest.raises(codec.WireError, match=r"is not allowed while") as caught:
        server.receive_bytes(codec.encode(frame))
    assert caught.value.code == "wrong_state"
    assert server.state is state


def test_nothing_may_be_sent_before_hello() -> None:
    with pytest.raises(LocalError, match="waiting for the server's Hello"):
        ClientSession().send_frame(f.Login(1, DEVICE, bytes(64)))


@pytest.mark.parametrize(
    "frame",
    [one for one in SERVER if not isinstance(one, f.Hello | f.Closing)],
    ids=lambda one: type(one).__name__,
)
def test_hello_must_be_first(frame: f.ServerFrame) -> None:
    with pytest.raises(codec.WireError, match="not Hello"):
        ClientSession().receive_bytes(codec.encode(frame))


def test_a_server_may_turn_away_before_hello() -> None:
    client = ClientSession()
    client.receive_bytes(codec.encode(f.Closing("too_many_connections", "Full.", 1)))
    assert client.state is State.CLOSED


def test_hello_comes_once() -> None:
    client, _ = greeted()
    with pytest.raises(codec.WireError, match="second time"):
        client.receive_bytes(codec.encode(HELLO))


def test_another_version_is_refused() -> None:
    other = f.Hello(2, "localhost", bytes(32), "open")
    with pytest.raises(codec.WireError, match="version 2") as caught:
        ClientSession().receive_bytes(codec.encode(other))
    assert caught.value.code == "bad_version"


@pytest.mark.parametrize(
    "frame", [one for one in SERVER if type(one) in PUSHES], ids=lambda one: type(one).__name__
)
@pytest.mark.parametrize("state", [one for one in State if one is not State.CLOSED])
def test_a_push_comes_only_when_it_may(frame: f.ServerFrame, state: State) -> None:
    client, server = greeted()
    client.state = server.state = state
    if state in PUSHED_IN[type(frame)]:
        down(client, server, frame)
        return
    with pytest.raises(codec.WireError, match=r"pushed \w+ while the connection is") as caught:
        client.receive_bytes(codec.encode(frame))
    assert caught.value.code == "wrong_state"


def test_two_devices_meet_before_either_has_logged_in() -> None:
    client, server = greeted()
    up(client, server, f.OpenPairing(client.next_id(), CONVERSATION, 0, bytes(16), 0))
    assert client.state is server.state is State.MEETING
    down(client, server, f.PairingMessage(1, b"hello"))  # may overtake the answer
    down(client, server, f.Done(1))
    assert client.state is server.state is State.PAIRING
    up(client, server, f.SendPairing(client.next_id(), 1, b"hello"))
    down(client, server, f.Done(2))
    up(client, server, f.EndPairing(client.next_id()))
    down(client, server, refused(3, "internal", "No."))
    assert client.state is server.state is State.PAIRING
    assert not server.logged_in


@pytest.mark.parametrize("kind", [f.GetBackup, f.AdoptDevice])
@pytest.mark.parametrize("yes", [True, False])
def test_a_question_about_a_backup_leads_back_to_the_opening(
    kind: type[f.Frame], yes: bool
) -> None:
    client, server = greeted()
    up(client, server, next(one for one in CLIENT if type(one) is kind))
    assert client.state is server.state is State.RECOVERING
    answer = next(one for one in SERVER if type(one) is ANSWERS[kind])
    down(client, server, answer if yes else refused(1, "no_backup", "No."))
    assert client.state is server.state is State.OPENING


def test_an_answer_to_nothing_and_a_second_answer_are_refused() -> None:
    client, server = logged_in()
    with pytest.raises(codec.WireError, match="not asked"):
        client.receive_bytes(codec.encode(f.Done(77)))
    client, server = logged_in()
    up(client, server, f.GetAccount(client.next_id(), "cem"))
    answer = codec.encode(f.Account(2, "cem", "business", b"", b""))
    client.receive_bytes(answer)
    with pytest.raises(codec.WireError, match="answered already") as caught:
        client.receive_bytes(answer)
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize(
    "frame", [one for one in CLIENT if type(one) in ANSWERS], ids=lambda one: type(one).__name__
)
def test_each_request_takes_its_own_answer_only(frame: f.ClientFrame) -> None:
    answers = [one for one in SERVER if type(one) in ANSWERS.values()]
    for answer in answers:
        client, _ = greeted()
        client.state = next(one for one in State if type(frame) in ALLOWED[one])
        client.send_frame(frame)
        raw = codec.encode(answer)
        if ANSWERS[type(frame)] is type(answer):
            client.receive_bytes(raw)
            assert client.unanswered == 0
        else:
            with pytest.raises(codec.WireError, match="is no answer to"):
                client.receive_bytes(raw)


def test_refused_without_id_belongs_to_no_request() -> None:
    client, server = logged_in()
    up(client, server, f.SendEphemeral(CONVERSATION, b"typing"))
    up(client, server, f.GetAccount(client.next_id(), "cem"))
    down(client, server, refused(0, "not_member", "You are no member."))
    assert client.unanswered == 1


def test_an_id_in_use_is_the_callers_mistake() -> None:
    client, _ = logged_in()
    client.send_frame(f.GetAccount(9, "cem"))
    with pytest.raises(LocalError, match="still unanswered"):
        client.send_frame(f.GetAccount(9, "cem"))


def test_after_closing_there_is_nothing() -> None:
    client, server = resumed()
    down(client, server, f.Closing("replaced", "Bye.", 0))
    with pytest.raises(codec.WireError, match="after Closing"):
        client.receive_bytes(codec.encode(PUSH))
    with pytest.raises(codec.WireError, match="closed"):
        server.receive_bytes(codec.encode(f.Resume(9, b"")))
    with pytest.raises(LocalError, match="closed"):
        client.send_frame(f.Resume(9, b""))


def test_a_broken_frame_leaves_the_state_alone() -> None:
    _, server = greeted()
    with pytest.raises(codec.WireError):
        server.receive_bytes(b"\x93\x03junk")
    assert server.state is State.OPENING


class TwoEnds(RuleBasedStateMachine):
    """Any sequence of what the client may send and the server answers keeps both ends agreed."""

    def __init__(self) -> None:
        super().__init__()
        self.client, self.server = greeted()
        self.asked: list[tuple[int, type[f.Frame]]] = []

    @rule(frame=st.sampled_from(CLIENT))
    def send(self, frame: f.ClientFrame) -> None:
        kind = type(frame)
        if kind in ANSWERS:
            frame = type(frame)(self.client.next_id(), *list(_values(frame))[1:])
        try:
            raw = self.client.send_frame(frame)
        except LocalError:
            with pytest.raises(codec.WireError):
                self.server.receive_bytes(codec.encode(frame))
            return
        self.server.receive_bytes(raw)
        if kind in ANSWERS:
            self.asked.append((frame.id, kind))  # type: ignore[union-attr]

    @precondition(lambda self: self.asked)
    @rule(dice=st.randoms(use_true_random=False), yes=st.booleans())
    def answer(self, dice: object, yes: bool) -> None:
        place = dice.randrange(len(self.asked))  # type: ignore[attr-defined]
        request_id, kind = self.asked.pop(place)
        if yes:
            sample = next(one for one in SERVER if type(one) is ANSWERS[kind])
            answer = type(sample)(request_id, *list(_values(sample))[1:])
        else:
            answer = refused(request_id, "limit", "Too many.")
        down(self.client, self.server, answer)

    @precondition(lambda self: self.server.state is State.RESUMED)
    @rule(
        frame=st.sampled_from(
            [one for one in SERVER if State.RESUMED in PUSHED_IN.get(type(one), ())]
        )
    )
    def push(self, frame: f.ServerFrame) -> None:
        down(self.client, self.server, frame)

    @invariant()
    def both_agree(self) -> None:
        assert self.client.state is self.server.state
        assert self.client.unanswered == len(self.asked)


def _values(frame: f.Frame) -> tuple[object, ...]:
    return tuple(getattr(frame, name) for name in frame.__struct_fields__)


TestTwoEnds = TwoEnds.TestCase
TestTwoEnds.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
