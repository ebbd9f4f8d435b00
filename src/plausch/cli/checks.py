"""What `plausch doctor` looks at: each check says what it found and, if wrong, what to do."""

import contextlib
import email.utils
import http.client
import os
import shutil
import sqlite3
import ssl
import stat
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from plausch.base.errors import PlauschError
from plausch.cli.requests import Ping
from plausch.cli.resident import ask_resident
from plausch.sdk import Client, Unreachable, VaultBusy
from plausch.sdk.certificates import WARNED_S

HEALTH_PATH = "/healthz"
HTTP_TIMEOUT_S = 5.0
SCARCE_BYTES = 256 * 1024 * 1024
CLOCK_TOLERANCE_S = 90
VAULT_FILE = "vault.db"
KEY_FILE = "vault.key"
NATIVE_MODULES = ("argon2", "asyncpg", "cbor2", "cryptography", "msgspec", "picows", "uvloop")


class Verdict(StrEnum):
    """How a check ended."""

    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at: what, how it is, and the sentence about it."""

    what: str
    verdict: Verdict
    sentence: str


def fine(what: str, sentence: str) -> Finding:
    """As it should be."""
    return Finding(what, Verdict.FINE, sentence)


def warning(what: str, sentence: str) -> Finding:
    """It works, and should be looked at."""
    return Finding(what, Verdict.WARNING, sentence)


def wrong(what: str, sentence: str) -> Finding:
    """It does not work; the sentence says what to do."""
    return Finding(what, Verdict.WRONG, sentence)


def check_installation() -> Iterator[Finding]:
    """Python, the compiled libraries, time zones, and whether the default cipher suite works."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield fine("python", f"Python {version}.")
    for name in NATIVE_MODULES:
        try:
            import_module(name)
        except ImportError as error:
            yield wrong("libraries", f"{name} cannot be loaded ({error}); run: make clean run")
            return
    yield fine("libraries", f"{len(NATIVE_MODULES)} compiled libraries load.")
    try:
        ZoneInfo("Europe/Berlin")
        yield fine("time zones", "The time zone database is there.")
    except ZoneInfoNotFoundError:
        yield wrong("time zones", "There is no time zone database; install the package tzdata.")
    yield check_encryption()


def check_encryption() -> Finding:
    """One message, sealed and opened under the hybrid post-quantum suite."""
    from plausch.mls.suite import MLS_256_XWING, suite

    what = "encryption"
    try:
        chosen = suite(MLS_256_XWING)
        private, public = chosen.kem_generate()
        kem_output, sealed = chosen.encrypt_with_label(public, "doctor", b"", b"well?")
        opened = chosen.decrypt_with_label(private, "doctor", b"", kem_output, sealed)
    except (PlauschError, ValueError) as error:
        return wrong(what, f"X-Wing does not work here ({error}); reinstall: make clean run")
    if opened != b"well?":
        return wrong(what, "X-Wing opens something else than was sealed; reinstall: make clean run")
    return fine(what, "X-Wing (X25519 with ML-KEM-768) works.")


def check_folder(what: str, folder: Path) -> Iterator[Finding]:
    """Owner, mode and room of a folder that holds secrets or records."""
    try:
        state = folder.stat()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield wrong(what, f"{folder} cannot be looked at ({error.strerror}); check the path.")
        return
    if not stat.S_ISDIR(state.st_mode):
        yield wrong(what, f"{folder} is no folder; give the folder itself.")
        return
    if state.st_uid != os.geteuid():
        yield wrong(what, f"{folder} belongs to another user; run this as that user.")
    elif stat.S_IMODE(state.st_mode) & 0o077:
        yield warning(what, f"{folder} can be entered by others; run: chmod 700 {folder}")
    elif not os.access(folder, os.W_OK):
        yield wrong(what, f"{folder} cannot be written; check mode and mount.")
    else:
        yield fine(what, f"{folder} is ours alone.")
    megabytes = free // 1_000_000
    if free < SCARCE_BYTES:
        yield warning("disk", f"Only {megabytes} MB are free for {folder}; make room.")
    else:
        yield fine("disk", f"{megabytes} MB are free for {folder}.")


def check_key(folder: Path) -> Iterator[Finding]:
    """The file that opens the vault is there and nobody else's."""
    key = folder / KEY_FILE
    if not (folder / VAULT_FILE).exists():
        return
    try:
        mode = stat.S_IMODE(key.stat().st_mode)
    except OSError as error:
        yield wrong(
            "key",
            f"{key} cannot be looked at ({error.strerror}), and without it the vault does not "
            "open; restore it from a backup, register nothing here.",
        )
        return
    if mode & 0o077:
        yield warning("key", f"{key} can be read by others; run: chmod 600 {key}")
    else:
        yield fine("key", f"{key.name} is ours alone.")


def check_databases(folder: Path) -> Iterator[Finding]:
    """SQLite's own check of each database in a folder, opened for reading alone."""
    for file in sorted(folder.glob("*.db")):
        try:
            uri = f"{file.resolve().as_uri()}?mode=ro"
            with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
                answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as error:
            answer = str(error)
        if answer == "ok":
            yield fine("database", f"{file.name} is sound.")
        else:
            yield wrong(
                "database", f"{file} is damaged ({answer}); stop what uses it, restore a backup."
            )


async def check_device(home: Path, open_client: Callable[[], Awaitable[Client]]) -> list[Finding]:
    """The vault opens, or somebody has it open who answers; the server takes this device."""
    what = "device"
    try:
        client = await open_client()
    except VaultBusy:
        try:
            await ask_resident(home, Ping())
        except PlauschError as error:
            return [warning(what, str(error))]
        return [fine(what, f"{home} is open in another process, which answers.")]
    except PlauschError as error:
        return [wrong(what, str(error))]
    async with client:
        found = [fine(what, f"{client.device.uri} opens.")]
        try:
            await client.synchronize()
            found.append(fine("server", f"{client.server_url} takes this device."))
        except Unreachable as error:
            found.append(wrong("server", str(error)))
        except PlauschError as error:
            found.append(wrong("server", str(error)))
        found.append(certificate_finding(client.certificate_ends_s, client.is_staff, time.time()))
        problems = await client.problems()
        if problems:
            found.append(
                warning(
                    "messages", f"{len(problems)} were received and not believed: {problems[-1]}"
                )
            )
        return found


def certificate_finding(ends_s: int, is_staff: bool, now_s: float) -> Finding:
    """How long this device's certificate is good, and who renews it."""
    what = "certificate"
    day = time.strftime("%Y-%m-%d", time.gmtime(ends_s))
    if ends_s - now_s >= WARNED_S:
        return fine(what, f"This device's is good until {day}, and is renewed in time.")
    advice = (
        "an owner's device has to be online once, and then this one"
        if is_staff
        else "this device renews it by itself as soon as it is connected; see what hinders it"
    )
    if ends_s > now_s:
        return warning(what, f"This device's ends on {day} and is overdue: {advice}.")
    return wrong(
        what,
        f"This device's ended on {day}, and nobody writes to it any more: {advice}; if that does "
        "not help, remove the device and link it again.",
    )


def check_url(url: str) -> Iterator[Finding]:
    """A server answers over HTTP, and its clock agrees with ours."""
    what = "server"
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        yield wrong(what, f"{url!r} is no address of a server; write http://HOST:PORT.")
        return
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, port, timeout=HTTP_TIMEOUT_S)
    try:
        connection.request("GET", HEALTH_PATH)
        answer = connection.getresponse()
        answer.read(65_536)
    except ssl.SSLError as error:
        yield wrong(what, f"{url} has no valid certificate ({error.reason}); renew it.")
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        yield wrong(what, f"{url} does not answer ({reason}); is it running and reachable?")
        return
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        yield wrong(what, f"{url} answers {answer.status} {answer.reason}; look at its log.")
        return
    yield fine(what, f"{url} answers.")
    yield from check_clock(answer.getheader("Date"), time.time())


def check_clock(date_header: str | None, now_s: float) -> Iterator[Finding]:
    """Certificates have times: a clock that is far off makes a device refuse or be refused."""
    try:
        theirs_s = email.utils.parsedate_to_datetime(date_header or "").timestamp()
    except ValueError:
        return
    apart_s = abs(theirs_s - now_s)
    if apart_s > CLOCK_TOLERANCE_S:
        yield warning("clock", f"This clock and the server's are {apart_s:.0f} s apart; set it.")
    else:
        yield fine("clock", "This clock and the server's agree.")
