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
from typing import TypeVar, get_args, get_type_hints

from plausch.base.errors import LocalError
from plausch.base.ids import NameRefused, parse_domain
from plausch.server.limits import Limits

REGISTRATION_MODES = ("open", "invitation", "closed")
DEFAULT_PORT = 7480

Settings = TypeVar("Settings", "ServerConfig", Limits)


class ConfigRefused(LocalError):
    """A setting is missing, unknown, of the wrong type or out of range."""

    code = "bad_config"


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Everything `serve` needs. Raises ConfigRefused when a value cannot be right.

    `database_url` empty: SQLite in `data_dir`/plausch.db. `origins`: web origins other than the
    server's own that may open a connection. `behind_proxy`: believe X-Forwarded-For.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    domain: str = "localhost"
    database_url: str = ""
    registration: str = "open"
    origins: tuple[str, ...] = ()
    behind_proxy: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        try:
            parse_domain(self.domain)
        except NameRefused as error:
            raise ConfigRefused(f"domain: {error}") from None
        if not 0 <= self.port <= 65535:
            raise ConfigRefused(f"port: {self.port} is not between 0 and 65535.")
        if self.registration not in REGISTRATION_MODES:
            raise ConfigRefused(
                f"registration: {self.registration!r} is not one of "
                f"{', '.join(REGISTRATION_MODES)}."
            )
        for origin in self.origins:
            if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
                raise ConfigRefused(
                    f"origins: {origin!r} is not an origin like https://chat.example.org."
                )

    @property
    def database(self) -> str:
        """Where the database is: a postgresql:// URL, or the path of a SQLite file."""
        return self.database_url or str(self.data_dir / "plausch.db")


def read_config(path: Path, data_dir: Path) -> ServerConfig:
    """The configuration in a TOML file. Raises ConfigRefused."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigRefused(f"{path} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigRefused(f"{path} is not TOML: {error}.") from None
    table.setdefault("data_dir", str(data_dir))
    return _settings(ServerConfig, table, str(path))


def _settings(kind: type[Settings], table: dict[str, object], where: str) -> Settings:
    hints = get_type_hints(kind)
    known = [one.name for one in fields(kind)]
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigRefused(
                f"{where}: {key!r} is not a setting; known are {', '.join(sorted(known))}."
            )
        values[key] = _value(hints[key], value, f"{where}: {key}")
    return kind(**values)


def _value(kind: type, value: object, where: str) -> object:
    if kind is Limits and isinstance(value, dict):
        return _settings(Limits, value, where)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is int and type(value) is int:
        if value < 0:
            raise ConfigRefused(f"{where} is {value}; it cannot be negative.")
        return value
    if kind in (str, bool) and type(value) is kind:
        return value
    if get_args(kind) == (str, ...) and isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            raise ConfigRefused(f"{where} must be a list of strings.")
        return tuple(value)
    wanted = {int: "a whole number", str: "a string", bool: "true or false", Path: "a path"}
    raise ConfigRefused(f"{where} must be {wanted.get(kind, 'a table or a list of strings')}.")
