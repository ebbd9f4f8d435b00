"""What commands ask of a device, and how requests cross the socket."""

import asyncio

import msgspec
import pytest

from plausch.cli import requests
from plausch.cli.records import SentRecord
from plausch.cli.requests import (
    AnyRequest,
    Conversations,
    Devices,
    GroupChange,
    GroupCreate,
    History,
    Ping,
    Save,
    Send,
    Verify,
    decode_request,
)
from plausch.sdk import Client, SdkError, SentMessage, Unreachable

from .conftest import Person, with_client

EVERY: list[AnyRequest] = [
    Send(target="anna", text="Grüße", timeout_s=1.5),
    Send(target="anna", text="", file="/a/map.png"),
    Save(target="anna", to="/a", message="01"),
    History(target="anna", limit=3, offline=True),
    Conversations(groups=True),
    GroupCreate(title="Chess", addresses=["anna", "cem@localhost"]),
    GroupChange(group="Chess", add="olga"),
    Devices(remove="0123456789abcdef"),
    Verify(address="anna", mark="00000 00001"),
    Verify(address="anna", accept="00000 00001"),
    Verify(address="anna", reject=True),
    Ping(),
]


@pytest.mark.parametrize("request_", EVERY, ids=lambda one: type(one).__name__)
def test_a_request_survives_the_socket(request_: AnyRequest) -> None:
    assert decode_request(msgspec.json.encode(request_)) == request_


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"{}", b'{"type":"x"}', b'{"type":"send"}', b'{"type":"ping"', b"\xff"]
)
def test_what_is_no_request_is_refused(raw: bytes) -> None:
    with pytest.raises(SdkError, match="asked something unknown"):
        decode_request(raw)


def test_every_request_says_what_its_answer_is() -> None:
    for request_ in EVERY:
        assert issubclass(type(request_).answer_type, msgspec.Struct)


def test_looking_and_sending_keep_one_limit_together(
    anna: Person, cem: Person, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a server the look alone takes all the time there is; the text is kept."""
    waited: list[float] = []
    real = requests.settled

    async def settled(
        client: Client, sent: SentMessage, title: str, timeout_s: float
    ) -> SentRecord:
        waited.append(timeout_s)
        return await real(client, sent, title, timeout_s)

    monkeypatch.setattr(requests, "settled", settled)

    async def work() -> None:
        async with await Client.open(anna.home) as client:
            await client.synchronize()
            await client.contact(cem.address)
        client = await Client.open(anna.home)
        client._device.core.transport._url = "ws://127.0.0.1:9/v1/socket"
        async with client:
            record = await Send(target=cem.address, text="later", timeout_s=0.05).carry_out(client)
            assert (record.seq, record.state, waited) == (None, "waiting", [0.0])
            with pytest.raises(Unreachable, match="not known on this device yet"):
                await Send(target=olga.address, text="later", timeout_s=0.05).carry_out(client)

    asyncio.run(work())


def test_a_request_is_carried_out_with_a_client(anna: Person, cem: Person) -> None:
    async def work(client: Client) -> None:
        sent = await Send(target=cem.address, text="hello").carry_out(client)
        assert (sent.state, sent.title) == ("sent", cem.address)
        assert sent.seq is not None
        history = await History(target=cem.address).carry_out(client)
        assert [one.text for one in history.messages] == ["hello"]
        assert history.fresh
        overview = await Conversations().carry_out(client)
        assert [one.conversation for one in overview.conversations] == [sent.conversation]
        assert (await Conversations(groups=True).carry_out(client)).conversations == []
        assert (await Ping().carry_out(client)).done

    with_client(anna, work)
