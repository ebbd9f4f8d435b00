"""The operator's settings: TOML in, typed values out, one sentence for each mistake."""

from pathlib import Path

import pytest

from plausch.server.config import DEFAULT_PORT, ConfigRefused, ServerConfig, read_config
from plausch.server.limits import Limits
from plausch.server.s3_address import S3Address
from plausch.server.site import BUILT_IN


def written(folder: Path, text: str) -> Path:
    path = folder / "plausch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_defaults_are_a_private_open_server_on_sqlite(tmp_path: Path) -> None:
    config = ServerConfig(tmp_path)
    assert (config.host, config.port, config.domain) == ("127.0.0.1", DEFAULT_PORT, "localhost")
    assert config.registration == "open"
    assert config.database == str(tmp_path / "plausch.db")
    assert config.limits == Limits()
    assert config.web_dir == BUILT_IN
    assert config.blobs == tmp_path / "blobs"


def test_pages_of_a_server_of_this_machine_are_where_it_listens(tmp_path: Path) -> None:
    assert ServerConfig(tmp_path, port=0).origin(7480) == "http://localhost:7480"
    assert ServerConfig(tmp_path, domain="example.org").origin(7480) == "https://example.org"


def test_blobs_may_lie_in_a_bucket(tmp_path: Path) -> None:
    path = written(tmp_path, 'blobs_url = "s3://blobs/x?endpoint=s3.example.org"')
    config = read_config(path, tmp_path)
    assert config.blobs == S3Address("blobs", "x/", "https://s3.example.org", style="path")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"blobs_url": "https://verysecret@blobs"}, "blobs_url: Keys do not belong"),
        ({"blobs_url": "verysecret"}, "blobs_url: The address of the bucket is not like"),
        ({"blobs_url": "s3://blobs", "blobs_dir": "/x"}, "a bucket or a folder, not both"),
    ],
)
def test_a_bucket_that_is_none_is_refused_and_not_repeated(
    tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigRefused, match=sentence) as caught:
        ServerConfig(tmp_path, **settings)  # type: ignore[arg-type]
    assert "verysecret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["mysql://u:verysecret@x/y", "postgress://u:verysecret@x/y", "sqlite:///x.db", "x.db"]
)
def test_a_database_that_is_none_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigRefused, match=r"wants postgresql://\.\.\., or nothing") as caught:
        ServerConfig(tmp_path, database_url=url)
    assert "verysecret" not in str(caught.value)


def test_every_setting_can_be_written(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        host = "0.0.0.0"
        port = 0
        domain = "example.org"
        database_url = "postgresql://db/plausch"
        registration = "invitation"
        origins = ["https://chat.example.org"]
        behind_proxy = true
        data_dir = "elsewhere"
        web_dir = "our/build"
        blobs_dir = "/srv/blobs"
        private_push_services = true
        [limits]
        sends_per_device_per_day = 5000
        """,
    )
    config = read_config(path, tmp_path)
    assert config == ServerConfig(
        data_dir=Path("elsewhere"),
        host="0.0.0.0",
        port=0,
        domain="example.org",
        database_url="postgresql://db/plausch",
        registration="invitation",
        origins=("https://chat.example.org",),
        behind_proxy=True,
        web_dir=Path("our/build"),
        blobs_dir="/srv/blobs",
        private_push_services=True,
        limits=Limits(sends_per_device_per_day=5000),
    )
    assert config.database == "postgresql://db/plausch"
    assert config.blobs == Path("/srv/blobs")


def test_the_data_directory_is_the_callers_unless_written(tmp_path: Path) -> None:
    assert read_config(written(tmp_path, ""), tmp_path).data_dir == tmp_path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("port = 70000", "70000 is not between 0 and 65535"),
        ('port = "80"', r"Expected `int`, got `str` - at `\$.port`"),
        ("port = 1.5", "Expected `int`"),
        ('domain = "Not A Domain"', "domain: .* is not a domain"),
        ('registration = "maybe"', "not one of open, invitation, closed"),
        ('origins = ["chat.example.org"]', "is not an origin"),
        ('origins = ["https://chat.example.org/"]', "is not an origin"),
        ("origins = [1]", "Expected `str`"),
        ('traces_url = "collector:4318"', "traces_url is something like http://"),
        ("colour = 1", "'colour' is not a setting; known are behind_proxy"),
        ("[limits]\nsends = 1", "'sends' is not a setting; known are"),
        ("[limits]\nremembered_hours = -1", r"limits.remembered_hours is 0 or more\."),
        ("[limits]\nretention_days = 0", r"limits.retention_days is 1 or more\."),
        ("[limits]\nrequests_waiting = 0", r"limits.requests_waiting is 1 or more\."),
        ("[limits]\nlogin_attempts = -1", r"limits.login_attempts is 1 or more\."),
        ("limits = 5", "Expected `object`"),
        ("data_dir = 5", "Expected a path"),
        ("port = ", "is not TOML"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigRefused, match=sentence) as caught:
        read_config(written(tmp_path, text), tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.code == "bad_config"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match=r"nowhere\.toml cannot be read"):
        read_config(tmp_path / "nowhere.toml", tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes(b'domain = "\xff"')
    with pytest.raises(ConfigRefused, match="cannot be read"):
        read_config(path, tmp_path)
