"""Each check of the doctor, on things that are in order and on things that are not."""

import email.utils
import http.server
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from plausch.cli import checks
from plausch.cli.checks import (
    Finding,
    Verdict,
    certificate_finding,
    check_clock,
    check_databases,
    check_encryption,
    check_folder,
    check_installation,
    check_key,
    check_url,
)
from plausch.sdk.certificates import WARNED_S


def verdicts(findings: Iterator[Finding]) -> list[Verdict]:
    return [one.verdict for one in findings]


def only(findings: Iterator[Finding]) -> Finding:
    (one,) = findings
    return one


def test_this_installation_is_in_order() -> None:
    found = list(check_installation())
    assert {one.verdict for one in found} == {Verdict.FINE}
    assert [one.what for one in found] == ["python", "libraries", "time zones", "encryption"]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "NATIVE_MODULES", ("msgspec", "no_such_library"))
    found = list(check_installation())
    assert found[-1].verdict is Verdict.WRONG
    assert "no_such_library" in found[-1].sentence


def test_the_default_suite_is_tried_for_real() -> None:
    assert check_encryption().verdict is Verdict.FINE


def test_a_private_folder_is_fine(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    first, second = check_folder("home", tmp_path)
    assert first.verdict is Verdict.FINE
    assert second.what == "disk"


def test_a_folder_that_others_may_enter_is_a_warning(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    first = next(iter(check_folder("home", tmp_path)))
    assert first.verdict is Verdict.WARNING
    assert f"chmod 700 {tmp_path}" in first.sentence


def test_an_absent_folder_is_wrong(tmp_path: Path) -> None:
    assert "cannot be looked at" in only(check_folder("home", tmp_path / "absent")).sentence


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is no folder" in only(check_folder("home", tmp_path / "file")).sentence


def test_a_folder_of_somebody_else_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    first = next(iter(check_folder("home", tmp_path)))
    assert first.verdict is Verdict.WRONG
    assert "belongs to another user" in first.sentence


def test_a_full_disk_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SCARCE_BYTES", 2**62)
    *_, disk = check_folder("home", tmp_path)
    assert disk.verdict is Verdict.WARNING
    assert "make room" in disk.sentence


def database(folder: Path) -> Path:
    file = folder / "vault.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE t(x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(os.urandom(500),) for _ in range(99)])
    connection.close()
    return file


def test_a_key_that_others_may_read_is_a_warning(tmp_path: Path) -> None:
    assert list(check_key(tmp_path)) == []
    (tmp_path / "vault.db").touch()
    key = tmp_path / "vault.key"
    key.touch(mode=0o600)
    assert [one.verdict for one in check_key(tmp_path)] == [Verdict.FINE]
    key.chmod(0o644)
    (found,) = check_key(tmp_path)
    assert found.verdict is Verdict.WARNING
    assert f"chmod 600 {key}" in found.sentence


def test_a_vault_without_its_key_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "vault.db").touch()
    (found,) = check_key(tmp_path)
    assert found.verdict is Verdict.WRONG
    assert "restore it from a backup" in found.sentence


def test_a_sound_database_is_fine(tmp_path: Path) -> None:
    database(tmp_path)
    assert only(check_databases(tmp_path)).verdict is Verdict.FINE


def test_a_damaged_database_is_wrong(tmp_path: Path) -> None:
    file = database(tmp_path)
    raw = bytearray(file.read_bytes())
    raw[4096:8192] = b"\xff" * 4096
    file.write_bytes(raw)
    found = only(check_databases(tmp_path))
    assert found.verdict is Verdict.WRONG
    assert "restore a backup" in found.sentence


def test_what_is_no_database_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "vault.db").write_bytes(b"nothing of the kind" * 100)
    assert only(check_databases(tmp_path)).verdict is Verdict.WRONG


def test_looking_makes_no_files(tmp_path: Path) -> None:
    database(tmp_path)
    before = sorted(tmp_path.iterdir())
    list(check_databases(tmp_path))
    assert sorted(tmp_path.iterdir()) == before


class Answering(http.server.BaseHTTPRequestHandler):
    """A server that is well under /healthz and nowhere else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def answering() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_answers_is_fine(answering: str) -> None:
    found = list(check_url(answering))
    assert [one.verdict for one in found] == [Verdict.FINE, Verdict.FINE]
    assert [one.what for one in found] == ["server", "clock"]


def test_a_server_that_is_not_well_is_wrong(
    answering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "HEALTH_PATH", "/elsewhere")
    found = only(check_url(answering))
    assert found.verdict is Verdict.WRONG
    assert "answers 404" in found.sentence


def test_nobody_there_is_wrong() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    found = only(check_url(f"http://127.0.0.1:{port}"))
    assert found.verdict is Verdict.WRONG
    assert "does not answer (Connection refused)" in found.sentence


def test_plain_http_where_tls_is_expected_is_wrong(answering: str) -> None:
    found = only(check_url(answering.replace("http:", "https:")))
    assert found.verdict is Verdict.WRONG


@pytest.mark.parametrize(
    "url", ["", "localhost:7480", "ftp://host", "http://", "http://host:port", "http://host:99999"]
)
def test_what_is_no_address_is_wrong(url: str) -> None:
    found = only(check_url(url))
    assert found.verdict is Verdict.WRONG
    assert "write http://HOST:PORT" in found.sentence


NOW_S = 1_800_000_000.0


def http_date(at_s: float) -> str:
    return email.utils.formatdate(at_s, usegmt=True)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (http_date(NOW_S), [Verdict.FINE]),
        (http_date(NOW_S - 80), [Verdict.FINE]),
        (http_date(NOW_S - 120), [Verdict.WARNING]),
        (http_date(NOW_S + 86_400), [Verdict.WARNING]),
        (None, []),
        ("not a date", []),
    ],
)
def test_clocks_are_compared(header: str | None, expected: list[Verdict]) -> None:
    assert verdicts(check_clock(header, NOW_S)) == expected


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_certificate_is_told_of_months_before_it_ends(is_staff: bool) -> None:
    def found(left_s: float) -> Finding:
        return certificate_finding(1_800_000_000, is_staff, 1_800_000_000 - left_s)

    assert found(WARNED_S).verdict is Verdict.FINE
    assert "2027-01-15" in found(WARNED_S).sentence
    for left_s, verdict in (
        (WARNED_S - 1, Verdict.WARNING),
        (1, Verdict.WARNING),
        (0, Verdict.WRONG),
    ):
        assert found(left_s).verdict is verdict
        assert ("an owner's device has to be online" in found(left_s).sentence) is is_staff
