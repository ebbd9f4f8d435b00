"""What an operator decides: where data lies, what to listen on, who may register, limits.

Given in Python, on the command line, or in a TOML file whose keys are the fields below:

    domain = "example.org"
    host = "0.0.0.0"
    port = 7480
    registration = "invitation"
    origins = ["https://chat.example.org"]
    [limits]
    sends_per_device_per_day = 5000
"""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

import msgspec

from plausch.base.errors import LocalError
from plausch.base.ids import NameRefused, parse_domain
from plausch.db.open import POSTGRES_SCHEMES
from plausch.server.limits import AT_LEAST_ONE, Limits
from plausch.server.s3_address import S3Address, S3AddressRefused, parse_s3_address
from plausch.server.site import BUILT_IN

REGISTRATION_MODES = ("open", "invitation", "closed")
DEFAULT_PORT = 7480
MOST_DRAIN_MS = 20_000


class ConfigRefused(LocalError):
    """A setting is missing, unknown, of the wrong type or out of range."""

    code = "bad_config"


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Everything `serve` needs. Raises ConfigRefused when a value cannot be right.

    `database_url` empty: SQLite in `data_dir`/plausch.db. `nats_url`: where this process meets the
    others of the same database (`nats://host:4222`, several divided by commas); empty: it is the
    only one. `origins`: web origins other than the server's own that may open a connection.
    `behind_proxy`: believe X-Forwarded-For.
    `blobs_dir` empty: `data_dir`/blobs. `blobs_url`: s3://BUCKET/PREFIX?... instead of a folder
    (s3_address.py).
    `web_dir`: the folder of a build of the web app, instead of the one that came along.
    `metrics_port`: where Prometheus reads figures, at `metrics_host`; 0: nowhere.
    `traces_url`: where an OpenTelemetry collector takes traces (http://host:4318/v1/traces).
    `drain_ms`: how long before it stops a server still accepts, and says at /readyz that it will
    not: as long as a load balancer takes to notice.
    `shares_port`: other processes of this user may listen on the same port (workers.py).
    `private_push_services`: wake devices also at http and at addresses within this network, which
    any device can then have called; for tests, and for who runs a push service at home.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    domain: str = "localhost"
    database_url: str = ""
    nats_url: str = ""
    registration: str = "open"
    origins: tuple[str, ...] = ()
    behind_proxy: bool = False
    blobs_dir: str = ""
    blobs_url: str = ""
    web_dir: Path = BUILT_IN
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    traces_url: str = ""
    drain_ms: int = 0
    shares_port: bool = False
    private_push_services: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        try:
            parse_domain(self.domain)
        except NameRefused as error:
            raise ConfigRefused(f"domain: {error}") from None
        for name in ("port", "metrics_port"):
            if not 0 <= getattr(self, name) <= 65535:
                value = getattr(self, name)
                raise ConfigRefused(f"{name}: {value} is not between 0 and 65535.")
        if not 0 <= self.drain_ms <= MOST_DRAIN_MS:
            raise ConfigRefused(f"drain_ms: {self.drain_ms} is not between 0 and {MOST_DRAIN_MS}.")
        if self.database_url and not self.database_url.startswith(POSTGRES_SCHEMES):
            # It may hold a password: it is not repeated.
            raise ConfigRefused(
                "database_url (--database, PLAUSCH_DATABASE) wants postgresql://..., or nothing: "
                "then the database is SQLite, in the server's folder."
            )
        if self.nats_url:
            self._check_nats()
        if self.traces_url and not self.traces_url.startswith(("http://", "https://")):
            raise ConfigRefused("traces_url is something like http://host:4318/v1/traces.")
        if self.registration not in REGISTRATION_MODES:
            raise ConfigRefused(
                f"registration: {self.registration!r} is not one of "
                f"{', '.join(REGISTRATION_MODES)}."
            )
        if self.blobs_url:
            self._demand_bucket()
        for one in fields(Limits):
            least = 1 if one.name in AT_LEAST_ONE else 0
            if getattr(self.limits, one.name) < least:
                raise ConfigRefused(f"limits.{one.name} is {least} or more.")
        for origin in self.origins:
            if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
                raise ConfigRefused(
                    f"origins: {origin!r} is not an origin like https://chat.example.org."
                )

    def _check_nats(self) -> None:
        for one in self.nats_url.split(","):
            if not one.strip().startswith(("nats://", "tls://")):
                # The URL may hold a password: it is not repeated.
                raise ConfigRefused("nats_url is something like nats://host:4222.")

    def _demand_bucket(self) -> None:
        if self.blobs_dir:
            raise ConfigRefused(
                "blobs_url, blobs_dir: blobs lie in a bucket or a folder, not both."
            )
        try:
            parse_s3_address(self.blobs_url)
        except S3AddressRefused as error:
            raise ConfigRefused(f"blobs_url: {error}") from None

    def origin(self, port: int) -> str:
        """What the addresses of its pages begin with, when it listens on that port: a server of
        this machine alone has no TLS before it."""
        return (
            f"http://localhost:{port}" if self.domain == "localhost" else f"https://{self.domain}"
        )

    @property
    def database(self) -> str:
        """Where the database is: a postgresql:// URL, or the path of a SQLite file."""
        return self.database_url or str(self.data_dir / "plausch.db")

    @property
    def blobs(self) -> Path | S3Address:
        """The folder of the blobs, or their bucket. Servers of one database share it."""
        if self.blobs_url:
            return parse_s3_address(self.blobs_url)
        return Path(self.blobs_dir) if self.blobs_dir else self.data_dir / "blobs"


def read_config(path: Path, data_dir: Path) -> ServerConfig:
    """The configuration in a TOML file. Raises ConfigRefused."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigRefused(f"{path} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigRefused(f"{path} is not TOML: {error}.") from None
    table.setdefault("data_dir", str(data_dir))
    _check_known(table, ServerConfig, str(path))
    limits = table.get("limits")
    if isinstance(limits, dict):
        _check_known(limits, Limits, f"{path}, [limits]")
    try:
        return msgspec.convert(table, ServerConfig, dec_hook=_as_path)
    except msgspec.ValidationError as error:
        raise ConfigRefused(f"{path}: {error}.") from None


def _check_known(table: dict[str, object], kind: type[ServerConfig | Limits], where: str) -> None:
    known = {one.name for one in fields(kind)}
    for key in table:
        if key not in known:
            raise ConfigRefused(
                f"{where}: {key!r} is not a setting; known are {', '.join(sorted(known))}."
            )


def _as_path(kind: type, value: object) -> Path:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError("Expected a path")
