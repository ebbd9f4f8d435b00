"""One connection's life, sans-IO: which frame may come when, and which answer belongs to what.

The states are a table (habit 2 of the house); device and server walk the same one:

    OPENING ----Register----> REGISTERING --Done or Refused--> OPENING
    OPENING ----Login-------> LOGGING_IN --LoggedIn--> LOGGED_IN   (--Refused--> OPENING)
    LOGGED_IN --Resume------> RESUMED
    OPENING ----OpenPairing-> MEETING --Done--> PAIRING            (--Refused--> OPENING)
    OPENING ----GetBackup, AdoptDevice--> RECOVERING --their answer or Refused--> OPENING
    any --------Closing-----> CLOSED

- The server speaks first, with `Hello`; the device may send nothing before it.
- While a registration or a login is being judged the device waits: nothing else may be sent.
- A connection that pairs does nothing else until it is closed.
- Pushes begin once `Resume` is received, so they may overtake `Resumed`: whatever happens
  while the server looks up what moved is either in `Resumed` or pushed, or both. In the same way
  a pairing's messages begin once `OpenPairing` is received.
- `Resume` is repeated to go through all that moved, at most 1,000 conversations at a time.
- Every request is answered exactly once, with the answer that belongs to it or `Refused`.
"""

from enum import Enum, auto

from plausch.base.errors import Fault, LocalError
from plausch.wire import frames as f
from plausch.wire.codec import WireError, decode_client, decode_server, encode


class State(Enum):
    """Where a connection stands."""

    OPENING = auto()
    REGISTERING = auto()
    LOGGING_IN = auto()
    LOGGED_IN = auto()
    RESUMED = auto()
    MEETING = auto()
    PAIRING = auto()
    RECOVERING = auto()
    CLOSED = auto()

    # Enum's own hashes the name, in Python, several times for each frame; there is one of each.
    __hash__ = object.__hash__


ANSWERS: dict[type[f.Frame], type[f.Frame]] = {
    f.Register: f.Done,
    f.Login: f.LoggedIn,
    f.GetAccount: f.Account,
    f.PublishDeviceList: f.Done,
    f.GetCertificate: f.Certificate,
    f.UploadKeyPackages: f.Done,
    f.ClaimKeyPackages: f.KeyPackages,
    f.CreateConversation: f.Done,
    f.Append: f.Appended,
    f.AppendCommit: f.Appended,
    f.Read: f.Envelopes,
    f.Resume: f.Resumed,
    f.GetGroupInfo: f.GroupInfo,
    f.GetCursors: f.Cursors,
    f.ReadMailbox: f.Mailbox,
    f.BeginBlob: f.BlobStands,
    f.PutBlobChunk: f.BlobStands,
    f.GetBlobChunk: f.BlobChunk,
    f.DropBlob: f.Done,
    f.OpenPairing: f.Done,
    f.SendPairing: f.Done,
    f.EndPairing: f.Done,
    f.KeepBackup: f.Done,
    f.DropBackup: f.Done,
    f.GetBackup: f.Backup,
    f.AdoptDevice: f.Done,
    f.SetWakeUp: f.Done,
    f.DropWakeUp: f.Done,
    f.GetWakeUpKey: f.WakeUpKey,
    f.Report: f.Done,
    f.PublishProfile: f.Done,
    f.WithdrawProfile: f.Done,
    f.GetProfile: f.Profile,
    f.SearchDirectory: f.Directory,
}
"""What answers each request when it is not refused."""

UNANSWERED: frozenset[type[f.Frame]] = frozenset(
    {f.Acknowledge, f.AcknowledgeMailbox, f.SendEphemeral}
)
"""Frames of the device that are never answered (a refusal comes as `Refused` with id 0)."""

PUSHES: frozenset[type[f.Frame]] = frozenset(
    {f.Delivery, f.MailboxMoved, f.CursorMoved, f.Ephemeral, f.DeviceListMoved, f.PairingMessage}
)
"""Frames that the server sends unasked, to a device that has resumed, or that pairs."""

_RESUMED = frozenset({State.RESUMED})
PUSHED_IN: dict[type[f.Frame], frozenset[State]] = {
    **dict.fromkeys(PUSHES, _RESUMED),
    f.PairingMessage: frozenset({State.MEETING, State.PAIRING}),
}
"""In which states each push may come."""

_OPENING_FRAMES: frozenset[type[f.Frame]] = frozenset(
    {f.Register, f.Login, f.OpenPairing, f.GetBackup, f.AdoptDevice}
)
_PAIRING_FRAMES: frozenset[type[f.Frame]] = frozenset({f.SendPairing, f.EndPairing})
_LOGGED_IN_FRAMES = (frozenset(ANSWERS) | UNANSWERED) - _OPENING_FRAMES - _PAIRING_FRAMES
_NOTHING: frozenset[type[f.Frame]] = frozenset()

ALLOWED: dict[State, frozenset[type[f.Frame]]] = {
    State.OPENING: _OPENING_FRAMES,
    State.REGISTERING: _NOTHING,
    State.LOGGING_IN: _NOTHING,
    State.LOGGED_IN: _LOGGED_IN_FRAMES,
    State.RESUMED: _LOGGED_IN_FRAMES,
    State.MEETING: _NOTHING,
    State.PAIRING: _PAIRING_FRAMES,
    State.RECOVERING: _NOTHING,
    State.CLOSED: _NOTHING,
}
"""Which frames the device may send in which state."""

STEPS: dict[tuple[State, type[f.Frame]], State] = {
    (State.OPENING, f.Register): State.REGISTERING,
    (State.REGISTERING, f.Done): State.OPENING,
    (State.REGISTERING, f.Refused): State.OPENING,
    (State.OPENING, f.Login): State.LOGGING_IN,
    (State.LOGGING_IN, f.LoggedIn): State.LOGGED_IN,
    (State.LOGGING_IN, f.Refused): State.OPENING,
    (State.LOGGED_IN, f.Resume): State.RESUMED,
    (State.OPENING, f.OpenPairing): State.MEETING,
    (State.MEETING, f.Done): State.PAIRING,
    (State.MEETING, f.Refused): State.OPENING,
    (State.OPENING, f.GetBackup): State.RECOVERING,
    (State.OPENING, f.AdoptDevice): State.RECOVERING,
    (State.RECOVERING, f.Backup): State.OPENING,
    (State.RECOVERING, f.Done): State.OPENING,
    (State.RECOVERING, f.Refused): State.OPENING,
}
"""The frames, of either side, that move a connection to another state."""


def _step(state: State, frame: type[f.Frame]) -> State:
    if frame is f.Closing:
        return State.CLOSED
    return STEPS.get((state, frame), state)


class ServerSession:
    """The server's end of one connection. Small: a server holds many thousands of them."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = State.OPENING

    def receive_bytes(self, raw: bytes | memoryview) -> f.ClientFrame:
        """One WebSocket message as a frame that is allowed now.

        Raises WireError (close the connection) or MessageTooLarge (refuse that request).
        """
        frame = decode_client(raw)
        kind = type(frame)
        if kind not in ALLOWED[self.state]:
            raise WireError(
                f"{kind.__name__} is not allowed while the connection is "
                f"{_IN_WORDS[self.state]}; spec/wire.md has the order.",
                code="wrong_state",
            )
        if (self.state, kind) in STEPS:
            self.state = STEPS[self.state, kind]
        return frame

    def send_frame(self, frame: f.ServerFrame) -> bytes:
        """The bytes of a frame, noting the state that it leads to."""
        self.sent(type(frame))
        return encode(frame)

    def sent(self, kind: type[f.Frame]) -> None:
        """A frame of this type was sent, encoded by somebody else (one push for many)."""
        self.state = _step(self.state, kind)

    @property
    def logged_in(self) -> bool:
        """Whether the connection speaks for a device."""
        return self.state is State.LOGGED_IN or self.state is State.RESUMED


class ClientSession:
    """A device's end of one connection: orders frames, numbers requests, matches answers."""

    __slots__ = ("_last_id", "_unanswered", "hello", "state")

    def __init__(self) -> None:
        self.state = State.OPENING
        self.hello: f.Hello | None = None
        self._unanswered: dict[int, type[f.Frame]] = {}
        self._last_id = 0

    @property
    def unanswered(self) -> int:
        """How many requests wait for their answer."""
        return len(self._unanswered)

    def next_id(self) -> int:
        """A request id not used before on this connection."""
        self._last_id += 1
        return self._last_id

    def send_frame(self, frame: f.ClientFrame) -> bytes:
        """The bytes of a frame to send now.

        Raises LocalError when the frame may not be sent in this state or its id is in use.
        """
        kind = type(frame)
        if self.hello is None or kind not in ALLOWED[self.state]:
            waiting = "waiting for the server's Hello" if self.hello is None else None
            raise LocalError(
                f"{kind.__name__} cannot be sent while the connection is "
                f"{waiting or _IN_WORDS[self.state]}.",
                code="wrong_state",
            )
        if kind in ANSWERS:
            request_id: int = frame.id  # type: ignore[union-attr]
            if request_id in self._unanswered:
                raise LocalError(f"Request id {request_id} is still unanswered: use next_id().")
            self._unanswered[request_id] = kind
        self.state = _step(self.state, kind)
        return encode(frame)

    def receive_bytes(self, raw: bytes | memoryview) -> f.ServerFrame:
        """One WebSocket message as a frame that makes sense now. Raises WireError.

        An answer has been matched with its request; `Refused` with id 0 belongs to a frame
        without an id. After `Closing` the session is CLOSED.
        """
        if self.state is State.CLOSED:
            raise WireError("The server sent a frame after Closing.", code="wrong_state")
        frame = decode_server(raw)
        kind = type(frame)
        if isinstance(frame, f.Hello):
            self._greet(frame)
            return frame
        if self.hello is None and kind is not f.Closing:
            raise WireError(
                f"The server's first frame is {kind.__name__}, not Hello.", code="wrong_state"
            )
        if kind in PUSHES:
            if self.state not in PUSHED_IN[kind]:
                raise WireError(
                    f"The server pushed {kind.__name__} while the connection is "
                    f"{_IN_WORDS[self.state]}.",
                    code="wrong_state",
                )
        elif kind is not f.Closing:
            self._match(frame)
        self.state = _step(self.state, kind)
        return frame

    def _greet(self, hello: f.Hello) -> None:
        if self.hello is not None:
            raise WireError("The server sent Hello a second time.", code="wrong_state")
        if hello.version != f.PROTOCOL_VERSION:
            raise WireError(
                f"The server speaks version {hello.version} of the protocol, this program "
                f"version {f.PROTOCOL_VERSION}; update the older one.",
                code="bad_version",
            )
        self.hello = hello

    def _match(self, frame: f.ServerFrame) -> None:
        """Every answer belongs to exactly one unanswered request of its type."""
        answer_id: int = frame.id  # type: ignore[union-attr]
        refused = isinstance(frame, f.Refused)
        if refused and answer_id == 0:
            return
        request = self._unanswered.pop(answer_id, None)
        if request is None:
            raise WireError(
                f"{type(frame).__name__} answers request {answer_id}, which was not asked "
                "or is answered already.",
                code="bad_answer",
            )
        if not refused and ANSWERS[request] is not type(frame):
            raise WireError(
                f"{type(frame).__name__} is no answer to {request.__name__}.", code="bad_answer"
            )


_IN_WORDS: dict[State, str] = {
    State.OPENING: "not logged in",
    State.REGISTERING: "waiting for the answer to Register",
    State.LOGGING_IN: "waiting for the answer to Login",
    State.LOGGED_IN: "logged in",
    State.RESUMED: "logged in",
    State.MEETING: "waiting for the answer to OpenPairing",
    State.PAIRING: "pairing",
    State.RECOVERING: "waiting for the answer about a backup",
    State.CLOSED: "closed",
}


def refused(
    request_id: int, code: str, sentence: str, fault: Fault = Fault.LOCAL, retry_after_ms: int = 0
) -> f.Refused:
    """A `Refused` that says nothing about epochs."""
    return f.Refused(request_id, code, sentence, fault.value, retry_after_ms)
