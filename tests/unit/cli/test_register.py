"""A new account by the command line."""

import json
import socket
import stat
from pathlib import Path

from .conftest import Plausch, Town


def test_somebody_registers(plausch: Plausch, town: Town) -> None:
    name, home = town.free_name("anna"), town.empty_home("anna")
    ran = plausch("register", name, "--server", town.url, "--home", home)
    assert ran.code == 0
    assert ran.out.startswith(f"You are {name}@localhost. Your keys are in {home}")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_json_names_address_and_device(plausch: Plausch, town: Town) -> None:
    name, home = town.free_name("anna"), town.empty_home("anna")
    ran = plausch("register", name, "--server", town.url, "--home", home, "--json")
    answer = json.loads(ran.out)
    assert answer["address"] == f"{name}@localhost"
    assert answer["device"].startswith(f"mimi://localhost/d/{name}/")
    assert answer["home"] == str(home)
    assert ran.err == ""


def test_a_business_registers(plausch: Plausch, town: Town) -> None:
    name, home = town.free_name("linde"), town.empty_home("linde")
    assert plausch("register", name, "--server", town.url, "--home", home, "--business").code == 0


def test_a_taken_name_is_refused(plausch: Plausch, town: Town) -> None:
    name = town.free_name("anna")
    assert plausch("register", name, "--server", town.url, "--home", town.empty_home("a")).code == 0
    ran = plausch("register", name, "--server", town.url, "--home", town.empty_home("b"))
    assert ran.code == 1
    assert "taken" in ran.sentence


def test_a_home_that_has_an_account_is_left_alone(plausch: Plausch, town: Town) -> None:
    anna = town.person("anna")
    ran = plausch("register", town.free_name("x"), "--server", town.url, "--home", anna.home)
    assert ran.code == 1
    assert str(anna.home) in ran.sentence


def test_nobody_at_that_address_is_one_sentence(plausch: Plausch, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    ran = plausch("register", "anna", "--server", url, "--home", tmp_path / "home")
    assert ran.code == 1
    assert ran.sentence


def test_what_is_no_url_is_refused(plausch: Plausch, tmp_path: Path) -> None:
    for url in ("", "localhost", "ftp://localhost", "http://", "http://host:port", "http://a b"):
        ran = plausch("register", "anna", "--server", url, "--home", tmp_path / "home")
        assert ran.code in (1, 2), url
        assert ran.sentence, url


def test_a_passphrase_protects_the_vault(plausch: Plausch, town: Town, tmp_path: Path) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    home = town.empty_home("anna")
    made = ("--server", town.url, "--home", home, "--passphrase-file", secret)
    assert plausch("register", town.free_name("anna"), *made).code == 0
    ran = plausch("history", "--home", home, "--offline")
    assert ran.code == 1
    assert "passphrase" in ran.sentence.lower()
    secret.write_text("battery staple\n")
    ran = plausch("history", "--home", home, "--offline", "--passphrase-file", secret)
    assert ran.code == 1
    assert "passphrase" in ran.sentence.lower()
    secret.write_text("correct horse\n")
    ran = plausch("history", "--home", home, "--offline", "--passphrase-file", secret, "--json")
    assert (ran.code, ran.out) == (0, "[]\n")


def test_https_where_a_server_speaks_http_is_one_sentence(
    plausch: Plausch, town: Town, tmp_path: Path
) -> None:
    url = town.url.replace("http://", "https://")
    ran = plausch("register", "anna", "--server", url, "--home", tmp_path / "home")
    assert ran.code == 1
    assert "cannot be reached" in ran.sentence
