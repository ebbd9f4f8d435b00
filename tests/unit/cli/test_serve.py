"""A server by the command line: what it is told, when it is ready, how it ends."""

import signal
import socket
import stat
from pathlib import Path

import pytest

from built_site import write_site
from company import line_of, process, server
from plausch.cli.serve import configured
from plausch.server.config import ConfigRefused
from plausch.server.s3_address import S3Address

from .conftest import Plausch


def test_the_defaults_are_the_configurations(tmp_path: Path) -> None:
    config = configured(None, tmp_path, host=None, port=None, origins=())
    assert (config.data_dir, config.host, config.domain) == (tmp_path, "127.0.0.1", "localhost")
    assert config.registration == "open"


def test_options_go_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text('domain = "example.org"\nport = 1\nregistration = "closed"\n')
    config = configured(file, tmp_path, port=2, registration=None)
    assert (config.domain, config.port, config.registration) == ("example.org", 2, "closed")


def test_port_zero_is_a_port_that_was_given(tmp_path: Path) -> None:
    assert configured(None, tmp_path, port=0).port == 0


def test_a_setting_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused):
        configured(None, tmp_path, domain="no domain")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("domain = 7\n", "server.toml"),
        ("no toml", "is not TOML"),
        ('colour = "red"\n', "'colour' is not a setting"),
        ("[limits]\nno_such_limit = 1\n", "'no_such_limit' is not a setting"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    plausch: Plausch, tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "server.toml"
    file.write_text(text)
    ran = plausch("serve", "--data", tmp_path / "d", "--config", file)
    assert ran.code == 1
    assert sentence in ran.sentence


def test_a_missing_file_is_one_sentence(plausch: Plausch, tmp_path: Path) -> None:
    ran = plausch("serve", "--data", tmp_path / "d", "--config", tmp_path / "absent.toml")
    assert ran.code in (1, 2)
    assert "absent.toml" in ran.sentence


def test_it_says_when_it_is_ready_and_ends_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with process("serve", "--data", folder, "--port", 0, log=tmp_path / "log") as running:
        line = line_of(running, "ready ")
        host, _, port = line.removeprefix("ready http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10):
            pass
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("built", [True, False])
def test_it_says_where_the_web_app_is_and_which(tmp_path: Path, built: bool) -> None:
    root = write_site(tmp_path / "web") if built else ""
    (tmp_path / "server.toml").write_text(f'web_dir = "{tmp_path / "web"}"\n')
    given = ["--data", tmp_path / "data", "--port", 0, "--config", tmp_path / "server.toml"]
    with process("serve", *given, log=tmp_path / "log") as running:
        url = line_of(running, "ready ").removeprefix("ready ")
        line = line_of(running, "web app: ")
    assert line == f"web app: {url}/ sha384:{root}" or (not built and "`make web`" in line)


def test_a_damaged_web_app_is_one_sentence(plausch: Plausch, tmp_path: Path) -> None:
    write_site(tmp_path / "web", lies={"root": "0" * 96})
    (tmp_path / "server.toml").write_text(f'web_dir = "{tmp_path / "web"}"\n')
    ran = plausch("serve", "--data", tmp_path / "d", "--config", tmp_path / "server.toml")
    assert ran.code == 1
    assert "is damaged" in ran.sentence


def test_control_c_is_no_trace(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with process("serve", "--data", tmp_path / "data", "--port", 0, log=log) as running:
        line_of(running, "ready ")
        running.send_signal(signal.SIGINT)
        assert running.wait(30) in (0, 130)
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("by_environment", [True, False])
def test_an_address_of_a_bucket_that_is_none_is_one_sentence_without_it(
    plausch: Plausch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_environment: bool
) -> None:
    address = "s3://AKIAKEY:verysecret@blobs"
    given = [] if by_environment else ["--blobs", address]
    if by_environment:
        monkeypatch.setenv("PLAUSCH_BLOBS", address)
    ran = plausch("serve", "--data", tmp_path / "d", *given)
    assert ran.code == 1
    assert "Keys do not belong in the address of the bucket" in ran.sentence
    assert "verysecret" not in ran.sentence
    assert "AKIAKEY" not in ran.sentence
    assert not (tmp_path / "d").exists()


def test_blobs_go_into_the_bucket_that_is_given(tmp_path: Path) -> None:
    config = configured(None, tmp_path, blobs_url="s3://blobs/x?endpoint=s3.example.org")
    assert config.blobs == S3Address("blobs", "x/", "https://s3.example.org", style="path")


def test_a_taken_port_is_one_sentence(plausch: Plausch, tmp_path: Path) -> None:
    with server(tmp_path / "first") as url:
        port = url.rpartition(":")[2]
        ran = plausch("serve", "--data", tmp_path / "second", "--port", port)
    assert ran.code == 1
    assert port in ran.sentence


def test_a_file_where_the_folder_should_be_is_one_sentence(
    plausch: Plausch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert plausch("serve", "--data", tmp_path / "file").code == 2
    ran = plausch("serve", "--data", tmp_path / "file" / "below")
    assert ran.code == 1
    assert ran.sentence


@pytest.mark.parametrize("url", ["mysql://localhost/x", "postgresql://127.0.0.1:1/none"])
def test_a_database_that_is_not_there_is_one_sentence(
    plausch: Plausch, tmp_path: Path, url: str
) -> None:
    ran = plausch("serve", "--data", tmp_path / "d", "--port", 0, "--database", url)
    assert ran.code in (1, 2)
    assert ran.sentence
