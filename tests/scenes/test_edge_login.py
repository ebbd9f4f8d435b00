"""Who may speak for a device: the real server against replays, thieves and twins."""

import asyncio
import secrets
from collections.abc import Iterator

import pytest

from plausch.identity.login import sign_login
from plausch.wire import frames as f
from server_process import ServerProcess
from wire_device import Person, WasRefused, WireDevice

CONFIG = """
registration = "open"
[limits]
registrations_per_address_per_hour = 100
connections_per_address = 40
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server"), config=CONFIG) as process:
        yield process
    assert "Traceback" not in process.log()


def someone() -> Person:
    return Person.new("p" + secrets.token_hex(6))


async def registered(server: ServerProcess) -> Person:
    person = someone()
    await (await WireDevice.register(server.url, person)).close()
    return person


def login(device: WireDevice, signature: bytes, uri: str = "") -> f.Login:
    return f.Login(device.session.next_id(), uri or device.person.device.uri, signature)


async def test_a_login_seen_on_another_connection_is_worth_nothing(server: ServerProcess) -> None:
    person = await registered(server)
    first = await WireDevice.connect(server.url, person)
    second = await WireDevice.connect(server.url, person)
    assert first.session.hello and second.session.hello
    assert first.session.hello.nonce != second.session.hello.nonce
    seen = sign_login(person.key, "localhost", first.session.hello.nonce, person.device)
    with pytest.raises(WasRefused, match="bad_signature"):
        await second.ask(f.LoggedIn, login(second, seen))
    await first.ask(f.LoggedIn, login(first, seen))
    await first.close()
    await second.close()


async def test_nobody_logs_in_as_somebody_elses_device(server: ServerProcess) -> None:
    anna, mallory = await registered(server), await registered(server)
    device = await WireDevice.connect(server.url, mallory)
    assert device.session.hello
    signature = sign_login(mallory.key, "localhost", device.session.hello.nonce, anna.device)
    with pytest.raises(WasRefused, match="bad_signature"):
        await device.ask(f.LoggedIn, login(device, signature, anna.device.uri))
    with pytest.raises(WasRefused, match="unknown_device"):
        await device.ask(f.LoggedIn, login(device, signature, "mimi://localhost/d/x/y"))
    await device.close()


async def test_a_login_for_another_domain_is_refused(server: ServerProcess) -> None:
    stranger = Person.new("p" + secrets.token_hex(6), domain="elsewhere.example")
    device = await WireDevice.connect(server.url, stranger)
    assert device.session.hello
    nonce = device.session.hello.nonce
    signature = sign_login(stranger.key, "elsewhere.example", nonce, stranger.device)
    with pytest.raises(WasRefused):
        await device.ask(f.LoggedIn, login(device, signature))
    await device.close()


async def test_after_three_failures_the_connection_ends(server: ServerProcess) -> None:
    device = await WireDevice.connect(server.url, someone())
    for _ in range(3):
        with pytest.raises(WasRefused, match="unknown_device"):
            await device.ask(f.LoggedIn, login(device, bytes(64)))
    await asyncio.wait_for(device.gone(), 10)
    assert device.closing is not None
    assert device.closing.code == "too_many_attempts"


async def test_the_newer_connection_of_a_device_wins(server: ServerProcess) -> None:
    person = await registered(server)
    older = await WireDevice.open(server.url, person)
    newer = await WireDevice.open(server.url, person)
    await asyncio.wait_for(older.gone(), 10)
    assert older.closing is not None
    assert older.closing.code == "replaced"
    await newer.resume()
    await newer.close()


async def test_a_registration_is_for_the_name_that_is_certified(server: ServerProcess) -> None:
    anna, mallory = someone(), someone()
    device = await WireDevice.connect(server.url, mallory)
    request = f.Register(
        device.session.next_id(),
        anna.address.name,
        "person",
        "",
        mallory.certificate,
        mallory.device_list,
    )
    with pytest.raises(WasRefused, match="bad_certificate"):
        await device.ask(f.Done, request)
    await device.close()


async def test_a_name_is_given_once(server: ServerProcess) -> None:
    person = await registered(server)
    thief = Person.new(person.address.name)
    with pytest.raises(WasRefused, match="name_taken"):
        await WireDevice.register(server.url, thief)
    await (await WireDevice.register(server.url, person)).close()  # its own retry is fine


async def test_an_address_has_only_so_many_connections(server: ServerProcess) -> None:
    person = someone()
    devices = []
    with pytest.raises(ConnectionError, match="too_many_connections"):
        for _ in range(60):
            devices.append(await WireDevice.connect(server.url, person))
    assert len(devices) <= 40
    for device in devices:
        await device.close()
    again = await WireDevice.connect(server.url, person)
    await again.close()


async def test_an_address_has_only_so_many_registrations(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("few")
    config = "[limits]\nregistrations_per_address_per_hour = 2\n"
    with ServerProcess(folder, config=config) as few:
        await registered(few)
        await registered(few)
        with pytest.raises(WasRefused, match="rate_limited") as caught:
            await registered(few)
        assert caught.value.frame.retry_after_ms > 0


@pytest.mark.parametrize(
    ("mode", "code"), [("closed", "registration_closed"), ("invitation", "invitation_required")]
)
async def test_a_server_that_is_not_open(
    tmp_path_factory: pytest.TempPathFactory, mode: str, code: str
) -> None:
    folder = tmp_path_factory.mktemp(mode)
    with ServerProcess(folder, config=f'registration = "{mode}"\n') as shut:
        device = await WireDevice.connect(shut.url, someone())
        assert device.session.hello
        assert device.session.hello.registration == mode
        await device.close()
        with pytest.raises(WasRefused, match=code):
            await WireDevice.register(shut.url, someone())
