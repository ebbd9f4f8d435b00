import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.ids import MessageId
from plausch.content import cbor
from plausch.content.errors import ContentError
from plausch.content.mimi import Disposition, MimiContent, SinglePart, decode
from plausch.content.status import MAX_STATUSES, STATUS_TYPE, Status, status_message, statuses_of
from plausch.content.text import text_message

SALT = bytes(range(16))

# The example of draft-mahy-mimi-message-status.
ORIGINAL = MessageId(
    bytes.fromhex("017ce54837404c3696e0c747b985cb172716d0ed0a3d249ca63ace7d82a096f4")
)
REPLY = MessageId(bytes.fromhex("015354973c2b65ca937bf1e035ae53a5ab80e947afa43d46920d4202e5cc0b27"))
MENTION = MessageId(
    bytes.fromhex("018d825adf9f6be00dcafc5704c4102f5022e74219d0b603e4ba7622654042af")
)
EXPIRING = MessageId(
    bytes.fromhex("01e59db8173939facc2c8a4a0f0ae8d0c7a11a81239626630c9464a8d6717a03")
)
EXAMPLE = [
    (ORIGINAL, Status.READ),
    (REPLY, Status.READ),
    (MENTION, Status.UNREAD),
    (EXPIRING, Status.EXPIRED),
]


def report(body: bytes) -> MimiContent:
    return MimiContent(salt=SALT, part=SinglePart(content_type=STATUS_TYPE, content=body))


def test_the_example_of_the_draft() -> None:
    content = decode(status_message(EXAMPLE, salt=SALT).encode())
    assert isinstance(content.part, SinglePart)
    assert content.part.content.hex() == "84" + "".join(
        f"825820{message.hex()}{status:02x}" for message, status in EXAMPLE
    )
    assert content.part.disposition == Disposition.UNSPECIFIED
    assert statuses_of(content) == tuple(EXAMPLE)


def test_other_messages_are_no_reports() -> None:
    assert statuses_of(text_message("gelesen", salt=SALT)) is None


def test_unknown_statuses_are_kept() -> None:
    assert statuses_of(status_message([(REPLY, 200)], salt=SALT)) == ((REPLY, 200),)


@pytest.mark.parametrize(
    "listed",
    [
        [],
        [(REPLY, Status.READ)] * (MAX_STATUSES + 1),
        [(MessageId(b"x"), Status.READ)],
        [(REPLY, 256)],
        [(REPLY, -1)],
    ],
)
def test_impossible_reports_are_not_sent(listed: list[tuple[MessageId, int]]) -> None:
    with pytest.raises(ContentError):
        status_message(listed, salt=SALT)


def test_the_largest_report_fits_into_a_message() -> None:
    content = status_message([(REPLY, Status.READ)] * MAX_STATUSES, salt=SALT)
    assert len(statuses_of(decode(content.encode())) or ()) == MAX_STATUSES


@pytest.mark.parametrize(
    "body",
    [
        b"",
        cbor.encode(()),
        cbor.encode({}),
        cbor.encode((REPLY, 2)),
        cbor.encode(((REPLY,),)),
        cbor.encode(((REPLY, 2, 3),)),
        cbor.encode(((REPLY[:31], 2),)),
        cbor.encode(((REPLY, "2"),)),
        cbor.encode(((REPLY, True),)),
        cbor.encode((("x" * 32, 2),)),
        cbor.encode(((REPLY, 256),)),
        cbor.encode((((REPLY,), 2),)),
        cbor.encode(((REPLY, 2),)) + b"\0",
        cbor.encode(((REPLY, 2),) * (MAX_STATUSES + 1)),
    ],
)
def test_malformed_reports_are_refused(body: bytes) -> None:
    with pytest.raises(ContentError):
        statuses_of(report(body))


@given(st.binary(max_size=120))
def test_random_bodies_raise_nothing_but_the_rooms_error(body: bytes) -> None:
    with pytest.raises(ContentError):
        statuses_of(report(body))
