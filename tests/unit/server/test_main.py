"""The wiring: it starts, says where, stops; and each reason not to start is one sentence."""

import asyncio
import dataclasses
import gc
import hashlib
import resource
import secrets
import sqlite3
from pathlib import Path

import pytest

from blob_stores import s3, s3_keys
from built_site import PAGE, write_site
from crooked_s3 import crooked_s3
from plausch.base.clock import ManualClock
from plausch.base.errors import OperatorError
from plausch.db.migrate import SchemaRefused
from plausch.db.sqlite import open_sqlite
from plausch.db.still import StoreBusy
from plausch.server import main as main_module
from plausch.server.config import ServerConfig
from plausch.server.limits import Limits
from plausch.server.main import (
    COLLECT_AFTER,
    Server,
    _sweep,
    collect_seldom,
    main,
    make_data_dir,
    raise_open_files,
    web_line,
)
from plausch.server.retention import Retention
from plausch.server.s3_address import S3Address
from plausch.server.s3_bucket import S3Bucket
from plausch.server.site import SiteDamaged
from plausch.wire import frames as f
from raw_socket import RawSocket
from s3_service import S3Service
from wire_device import Person, WasRefused, WireDevice

__all__ = ["s3", "s3_keys"]


async def test_it_starts_answers_and_stops(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path / "data", port=0))
    url = await server.start()
    assert url.startswith("http://127.0.0.1:")
    socket = await RawSocket.tcp(url)
    assert (await socket.http("GET /healthz HTTP/1.1"))[0] == 200
    device = await WireDevice.register(url, Person.new("anna"))
    await server.stop()
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "server_restart"
    with pytest.raises(OSError):
        await RawSocket.tcp(url)


async def test_a_second_one_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """Neither would push what comes in at the other."""
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    with pytest.raises(StoreBusy, match="another server probably"):
        await Server(ServerConfig(tmp_path, port=0)).start()
    await (await WireDevice.register(url, Person.new("anna"))).close()
    await server.stop()


async def test_it_starts_again_on_the_same_data(tmp_path: Path) -> None:
    person = Person.new("anna")
    for turn in range(2):
        server = Server(ServerConfig(tmp_path, port=0))
        url = await server.start()
        if turn == 0:
            await (await WireDevice.register(url, person)).close()
        else:
            await (await WireDevice.open(url, person)).close()
        await server.stop()


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    first = Server(ServerConfig(tmp_path / "one", port=0))
    port = int((await first.start()).rpartition(":")[2])
    second = Server(ServerConfig(tmp_path / "two", port=port))
    with pytest.raises(OperatorError, match=f"Cannot listen on 127.0.0.1 port {port}") as caught:
        await second.start()
    assert caught.value.code == "port_unavailable"
    await first.stop()


async def test_an_address_of_another_machine_is_not_the_ports_fault(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, host="192.0.2.9", port=0))  # RFC 5737
    with pytest.raises(OperatorError, match="no such address: give one of its own with --host"):
        await server.start()


async def test_it_serves_the_web_app_of_the_folder_that_it_is_told(tmp_path: Path) -> None:
    root = write_site(tmp_path / "web")
    config = ServerConfig(tmp_path / "data", port=0, web_dir=tmp_path / "web")
    server = Server(config)
    url = await server.start()
    socket = await RawSocket.tcp(url)
    status, _, body = await socket.http("GET /anna HTTP/1.1")
    assert (status, body) == (200, PAGE)
    assert web_line(config, url, server.site) == f"web app: {url}/ sha384:{root}"
    await socket.close()
    await server.stop()


async def test_without_a_web_app_it_says_how_to_have_one(tmp_path: Path) -> None:
    config = ServerConfig(tmp_path / "data", port=0, web_dir=tmp_path / "absent")
    server = Server(config)
    url = await server.start()
    socket = await RawSocket.tcp(url)
    status, _, body = await socket.http("GET / HTTP/1.1")
    assert status == 200
    assert b"make web" in body
    line = web_line(config, url, server.site)
    assert "not built" in line and str(tmp_path / "absent") in line and "make web" in line
    await socket.close()
    await server.stop()


async def test_a_damaged_web_app_is_not_served(tmp_path: Path) -> None:
    write_site(tmp_path / "web")
    (tmp_path / "web" / "index.html").write_text("not what was built")
    server = Server(ServerConfig(tmp_path / "data", port=0, web_dir=tmp_path / "web"))
    with pytest.raises(SiteDamaged):
        await server.start()
    assert not (tmp_path / "data").exists()
    await server.stop()


async def test_blobs_lie_in_the_folder_that_it_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere" / "blobs"
    server = Server(ServerConfig(tmp_path / "data", port=0, blobs_dir=str(folder)))
    url = await server.start()
    device = await WireDevice.register(url, Person.new("anna"))
    blob, content = secrets.token_bytes(32), b"encrypted"
    begin = f.BeginBlob(
        device.session.next_id(), blob, len(content), hashlib.sha256(content).digest()
    )
    assert (await device.ask(f.BlobStands, begin)).offset == 0
    chunk = f.PutBlobChunk(device.session.next_id(), blob, 0, content)
    assert (await device.ask(f.BlobStands, chunk)).offset == len(content)
    await device.close()
    await server.stop()
    assert [path.read_bytes() for path in folder.rglob("*") if path.is_file()] == [content]
    assert not (tmp_path / "data" / "blobs").exists()


async def put_blob(url: str, content: bytes) -> None:
    device = await WireDevice.register(url, Person.new("anna"))
    blob, digest = secrets.token_bytes(32), hashlib.sha256(content).digest()
    begin = f.BeginBlob(device.session.next_id(), blob, len(content), digest)
    assert (await device.ask(f.BlobStands, begin)).offset == 0
    chunk = f.PutBlobChunk(device.session.next_id(), blob, 0, content)
    assert (await device.ask(f.BlobStands, chunk)).offset == len(content)
    await device.close()


async def test_blobs_lie_in_the_bucket_that_it_is_told(
    tmp_path: Path, s3: S3Service, s3_keys: None
) -> None:
    config = ServerConfig(tmp_path / "data", port=0, blobs_url=s3.url())
    server = Server(config)
    await put_blob(await server.start(), b"encrypted")
    await server.stop()
    assert not (tmp_path / "data" / "blobs").exists()
    assert isinstance(config.blobs, S3Address)
    bucket = await S3Bucket(config.blobs).open()
    keys = [one.key async for one in bucket.objects(config.blobs.prefix)]
    assert [await bucket.get(key, 0, 100) for key in keys] == [b"encrypted"]
    await bucket.close()


async def test_a_bucket_that_is_away_does_not_keep_messages_from_going(
    tmp_path: Path, s3_keys: None, caplog: pytest.LogCaptureFixture
) -> None:
    async with crooked_s3([b""]) as address:
        url = f"s3://plausch?endpoint={address.endpoint}"
    server = Server(ServerConfig(tmp_path, port=0, blobs_url=url))
    device = await WireDevice.register(await server.start(), Person.new("anna"))
    begin = f.BeginBlob(device.session.next_id(), bytes(32), 1, bytes(32))
    with pytest.raises(WasRefused, match="storage_unavailable") as caught:
        await device.ask(f.BlobStands, begin)
    assert caught.value.frame.retry_after_ms > 0
    assert address.endpoint not in caught.value.frame.sentence
    await device.close()
    await server.stop()
    assert "The bucket plausch does not take or give blobs" in caplog.text
    assert "is asked without TLS" in caplog.text
    assert "testing" not in caplog.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"blobs_url": "s3://nobodys?endpoint=http://127.0.0.1:{port}"}, "refuses the server"),
        ({"limits": Limits(blob_bytes=2**40)}, "lower limits.blob_bytes"),
    ],
)
async def test_a_bucket_that_cannot_serve_is_a_reason_not_to_start(
    tmp_path: Path, s3: S3Service, s3_keys: None, change: dict[str, object], sentence: str
) -> None:
    config = ServerConfig(tmp_path, port=0, blobs_url=s3.url())
    if isinstance(url := change.get("blobs_url"), str):
        change = {"blobs_url": url.format(port=s3.port)}
    server = Server(dataclasses.replace(config, **change))  # type: ignore[arg-type]
    with pytest.raises(OperatorError, match=sentence) as caught:
        await server.start()
    assert caught.value.code == "bad_config"
    await server.stop()


async def test_a_folder_for_blobs_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    server = Server(ServerConfig(tmp_path / "data", port=0, blobs_dir=str(tmp_path / "file" / "x")))
    with pytest.raises(OperatorError, match="choose another with blobs_dir"):
        await server.start()
    await server.stop()


async def test_stopping_what_never_started(tmp_path: Path) -> None:
    await Server(ServerConfig(tmp_path, port=0)).stop()


def test_the_data_directory_is_for_its_owner_only(tmp_path: Path) -> None:
    make_data_dir(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="cannot be made"):
        make_data_dir(tmp_path / "file" / "data")


def test_open_files_are_raised_to_what_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        raise_open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_lives_as_long_as_the_server_is_not_collected_again() -> None:
    usual = gc.get_threshold()
    try:
        collect_seldom()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] == COLLECT_AFTER
    finally:
        gc.unfreeze()
        gc.set_threshold(*usual)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--domain", "Not A Domain"], "domain"),
        (["--port", "70000"], "70000 is not between 0 and 65535"),
        (["--config", "/nowhere/plausch.toml"], "cannot be read"),
        (["--database", "postgresql://127.0.0.1:1/none"], ""),
    ],
)
def test_a_mistake_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["--data", str(tmp_path / "data"), "--port", "0", *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err


class Chatterbox:
    """A device that always has appends under way, and counts what it was promised."""

    def __init__(self, device: WireDevice, conversation: bytes, message: bytes) -> None:
        self.device, self.conversation, self.message = device, conversation, message
        self.promised: set[int] = set()

    @classmethod
    async def begin(cls, url: str, under_way: int) -> "Chatterbox":
        device = await WireDevice.register(url, Person.new("p" + secrets.token_hex(6)))
        group = await device.converse([], [])
        one = cls(device, group.group_id, group.encrypt(b"x"))
        for _ in range(under_way):
            one.send()
        return one

    def send(self) -> None:
        request = f.Append(
            self.device.session.next_id(),
            self.conversation,
            0,
            f.APPLICATION,
            self.message,
            secrets.token_bytes(16),
        )
        self.device.begin(request).add_done_callback(self.answered)

    def answered(self, future: "asyncio.Future[f.ServerFrame]") -> None:
        if future.exception() is None and self.device.closing is None:
            answer = future.result()
            assert isinstance(answer, f.Appended)
            self.promised.add(answer.seq)
            self.send()


async def test_it_stops_under_devices_that_never_pause_and_keeps_what_it_promised(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unlimited = Limits(sends_per_device_per_day=0)
    server = Server(ServerConfig(tmp_path, port=0, limits=unlimited))
    url = await server.start()
    crowd = [await Chatterbox.begin(url, 60) for _ in range(4)]
    while min(len(one.promised) for one in crowd) < 200:
        await asyncio.sleep(0.01)
    await asyncio.wait_for(server.stop(), 60)
    for one in crowd:
        await one.device.gone()
        assert one.device.closing is not None
        assert one.device.closing.code == "server_restart"
    again = Server(ServerConfig(tmp_path, port=0))
    url = await again.start()
    for one in crowd:
        device = await WireDevice.open(url, one.device.person)
        log = await device.read_log(one.conversation)
        assert [envelope.seq for envelope in log] == list(range(1, len(log) + 1))
        assert one.promised <= {envelope.seq for envelope in log}
    await again.stop()
    assert "ERROR" not in caplog.text


# --- sweeping ------------------------------------------------------------------------------


async def test_a_sweep_that_fails_is_a_line_in_the_log_and_the_next_one_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(main_module, "SWEEP_PAUSE_S", 0.0)
    database = open_sqlite(tmp_path / "server.db")
    await database.close()
    sweeping = asyncio.ensure_future(_sweep(Retention(database, ManualClock(), Limits())))
    while caplog.text.count("The logs were not swept") < 3:
        await asyncio.sleep(0)
    assert not sweeping.done()
    sweeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweeping


async def test_a_bug_in_a_sweep_does_not_end_sweeping(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(main_module, "SWEEP_PAUSE_S", 0.0)

    async def broken(self: Retention) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(Retention, "sweep", broken)
    database = open_sqlite(tmp_path / "server.db")
    sweeping = asyncio.ensure_future(_sweep(Retention(database, ManualClock(), Limits())))
    while caplog.text.count("Sweeping failed unexpectedly.") < 3:
        await asyncio.sleep(0)
    sweeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweeping
    await database.close()


async def test_a_running_server_sweeps_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_module, "SWEEP_PAUSE_S", 0.0)
    monkeypatch.setattr("plausch.server.steady.DOUBT_MS", 0)  # the first sweep waits for hours
    limits = Limits(remembered_hours=0)
    server = Server(ServerConfig(tmp_path, port=0, limits=limits))
    device = await WireDevice.register(await server.start(), Person.new("anna"))
    group = await device.converse([], [])
    await device.append(group.group_id, 0, group.encrypt(b"x"))
    device.send(f.Acknowledge(group.group_id, 1))
    while await device.read_log(group.group_id):
        await asyncio.sleep(0)
    assert (await device.append(group.group_id, 0, group.encrypt(b"x"))).seq == 2
    await server.stop()


# --- starting that fails -------------------------------------------------------------------


async def test_who_could_not_start_lets_go_of_everything(tmp_path: Path) -> None:
    first = Server(ServerConfig(tmp_path / "one", port=0))
    port = int((await first.start()).rpartition(":")[2])
    second = Server(ServerConfig(tmp_path / "two", port=port))
    for _ in range(2):
        with pytest.raises(OperatorError):
            await second.start()
    await second.stop()
    await first.stop()
    assert not [path for path in (tmp_path / "two").iterdir() if path.name.endswith("-wal")]
    third = Server(ServerConfig(tmp_path / "two", port=port))
    await third.start()
    await third.stop()


async def test_a_database_of_another_build_is_refused_and_left_alone(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    await server.start()
    await server.stop()
    with sqlite3.connect(tmp_path / "plausch.db") as connection:
        connection.execute("UPDATE schema_step SET digest = 'another' WHERE number = 2")
    connection.close()
    before = (tmp_path / "plausch.db").read_bytes()
    with pytest.raises(SchemaRefused, match="another build"):
        await Server(ServerConfig(tmp_path, port=0)).start()
    assert (tmp_path / "plausch.db").read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "plausch.db").write_text("this is no database " * 100)
    with pytest.raises(OperatorError, match=r"plausch\.db"):
        await Server(ServerConfig(tmp_path, port=0)).start()


async def test_stopping_twice_is_stopping(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    await server.start()
    await server.stop()
    await server.stop()


def test_a_data_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o750)
    (tmp_path / "data").chmod(0o750)
    make_data_dir(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o750


def test_the_data_directory_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--port", "0"])
    assert caught.value.code == 2
    assert "--data" in capsys.readouterr().err


def test_the_command_line_is_stronger_than_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "server.toml"
    path.write_text('domain = "example.org"\nport = 7000\nregistration = "closed"\n')
    ran: list[ServerConfig] = []
    monkeypatch.setattr(main_module, "run", ran.append)
    folder = tmp_path / "data"
    assert main(["--data", str(folder), "--config", str(path), "--port", "0"]) == 0
    assert main(["--data", str(folder), "--domain", "localhost:1", "--host", "0.0.0.0"]) == 0
    assert ran == [
        ServerConfig(folder, port=0, domain="example.org", registration="closed"),
        ServerConfig(folder, domain="localhost:1", host="0.0.0.0"),
    ]
