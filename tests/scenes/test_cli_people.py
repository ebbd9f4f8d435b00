"""Anna, Cem and Olga talk by the command line: real processes, a real server."""

import json
import os
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from company import PLAUSCH, clean_environment, did, line_of, plausch, process, server


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server(tmp_path_factory.mktemp("town") / "server") as running:
        yield running


@pytest.fixture
def homes(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, Path]:
    """Anna, Cem and Olga, new for each test: their names carry a number of the test's own."""
    number = f"{abs(hash(request.node.nodeid)) % 10**9}"
    found = {}
    for name in ("anna", "cem", "olga"):
        found[name] = tmp_path / f"{name}{number}"
        did("register", found[name].name, "--server", url, "--home", found[name])
    return found


def address(home: Path) -> str:
    return f"{home.name}@localhost"


def test_a_conversation_between_two(homes: dict[str, Path]) -> None:
    anna, cem = homes["anna"], homes["cem"]
    sent = did("send", address(cem), "Have you a table?", "--home", anna, "--json").json
    assert sent["state"] == "sent"
    heard = did("listen", "--home", cem, "--json", "--count", 1, "--timeout", 60).lines
    assert heard[0]["text"] == "Have you a table?"
    assert heard[0]["seq"] == sent["seq"]
    assert heard[0]["conversation"] == sent["conversation"]
    did("send", heard[0]["from"], "For how many?", "--home", cem)
    heard = did("listen", "--home", anna, "--json", "--count", 1, "--timeout", 60).lines
    assert heard[0]["text"] == "For how many?"


def test_a_group_of_three(homes: dict[str, Path]) -> None:
    anna, cem, olga = homes.values()
    group = did(
        "group", "create", "Chess club", address(cem), address(olga), "--home", anna, "--json"
    ).json
    for home in (anna, cem, olga):
        did("send", group["conversation"], f"{home.name} is here", "--home", home)
    expected = [f"{home.name} is here" for home in (anna, cem, olga)]
    for home in (anna, cem, olga):
        history = did("history", "Chess club", "--home", home, "--json").json
        assert [one["text"] for one in history if one["kind"] == "text"] == expected


def test_who_listens_does_what_others_ask(homes: dict[str, Path], tmp_path: Path) -> None:
    """`listen` has the vault open: `send`, `history` and `group` go through its control socket."""
    anna, cem = homes["anna"], homes["cem"]
    listening = process("listen", "--home", anna, "--json", log=tmp_path / "listen.log")
    with listening as running:
        did("send", address(anna), "first", "--home", cem)
        assert json.loads(line_of(running, "{"))["text"] == "first"
        mode = (anna / "control.sock").stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        sent = did("send", address(cem), "second", "--home", anna, "--json").json
        assert sent["state"] == "sent"
        history = did("history", address(cem), "--home", anna, "--json").json
        assert [one["text"] for one in history] == ["first", "second"]
        group = did("group", "create", "Two", address(cem), "--home", anna, "--json").json
        assert group["kind"] == "group"
        assert did("devices", "list", "--home", anna, "--json").json["devices"][0]["here"]
        assert "open in another process, which answers" in did("doctor", "--home", anna).out
        refused = plausch("send", "no-such-account", "hello", "--home", anna)
        assert refused.code == 1
        assert refused.sentence
        busy = plausch("listen", "--home", anna, "--timeout", 1)
        assert busy.code == 1
        assert busy.sentence
    assert not (anna / "control.sock").exists()
    assert "Traceback" not in (tmp_path / "listen.log").read_text()


def test_listening_ends_in_order_when_asked(homes: dict[str, Path], tmp_path: Path) -> None:
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        log = tmp_path / f"{number}.log"
        with process("listen", "--home", homes["anna"], "--json", log=log) as running:
            did("send", address(homes["anna"]), "hello", "--home", homes["cem"])
            line_of(running, "{")
            running.send_signal(number)
            assert running.wait(30) == code
        assert "Traceback" not in log.read_text()


def test_a_reader_that_goes_away_loses_nothing(homes: dict[str, Path]) -> None:
    """`listen | head -1`: what `head` did not read is there for the next one."""
    anna, cem = homes["anna"], homes["cem"]
    for text in ("one", "two", "three"):
        did("send", address(cem), text, "--home", anna)
    listen = " ".join([*PLAUSCH, "listen", "--home", str(cem), "--json", "--timeout", "30"])
    done = subprocess.run(
        ["bash", "-c", f"{listen} | head -n 1"],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    assert json.loads(done.stdout)["text"] == "one"
    assert "Traceback" not in done.stderr
    rest = did("listen", "--home", cem, "--json", "--count", 2, "--timeout", 30).lines
    if rest[0]["text"] == "one":  # said once more, rather than not at all
        rest += did("listen", "--home", cem, "--json", "--count", 1, "--timeout", 30).lines
    assert [one["text"] for one in rest][-2:] == ["two", "three"]


def test_what_is_sent_without_a_server_goes_out_later(tmp_path: Path) -> None:
    folder, anna, cem = tmp_path / "server", tmp_path / "anna", tmp_path / "cem"
    with server(folder) as url:
        port = url.rpartition(":")[2]
        for home in (anna, cem):
            did("register", home.name, "--server", url, "--home", home)
        did("send", "cem", "with a server", "--home", anna)
    kept = plausch("send", "cem", "without one", "--home", anna, "--timeout", 1, "--json")
    assert kept.code == 3, kept
    assert json.loads(kept.out)["state"] == "waiting"
    offline = plausch("history", "cem", "--home", anna)
    assert offline.code == 0
    assert offline.sentence == "The server cannot be reached; this is what the device knew before."
    with process("serve", "--data", folder, "--port", port, log=tmp_path / "log") as running:
        line_of(running, "ready ")
        did("listen", "--home", anna, "--timeout", 5)
        heard = did("listen", "--home", cem, "--json", "--count", 2, "--timeout", 60).lines
    assert [one["text"] for one in heard] == ["with a server", "without one"]


def test_a_server_that_is_away_is_one_sentence(homes: dict[str, Path], tmp_path: Path) -> None:
    anna = tmp_path / "anna"
    with server(tmp_path / "server") as url:
        did("register", "anna", "--server", url, "--home", anna)
    for arguments in (
        ("send", "stranger", "hello"),
        ("group", "create", "Title", "stranger"),
        ("verify", "stranger"),
    ):
        ran = plausch(*arguments, "--home", anna)
        assert ran.code in (1, 3), ran
        assert ran.sentence
    assert plausch("register", "x", "--server", url, "--home", tmp_path / "x").code == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_vault_that_cannot_be_written_is_one_sentence(homes: dict[str, Path]) -> None:
    homes["anna"].chmod(0o500)
    ran = plausch("send", address(homes["cem"]), "hello", "--home", homes["anna"])
    homes["anna"].chmod(0o700)
    assert ran.code == 1
    assert ran.sentence


def test_many_senders_share_one_home(homes: dict[str, Path]) -> None:
    """Several `send` at once with nobody listening: each gets the vault or whoever has it."""
    anna, cem = homes["anna"], homes["cem"]
    did("send", address(cem), "first", "--home", anna)
    codes: list[int] = []

    def send(number: int) -> None:
        codes.append(plausch("send", address(cem), f"no. {number}", "--home", anna).code)

    with process("listen", "--home", anna, log=anna / "log") as running:
        threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert running.poll() is None
    assert codes == [0] * 4
    heard = did("listen", "--home", cem, "--json", "--count", 5, "--timeout", 60).lines
    assert sorted(one["text"] for one in heard) == sorted(
        ["first", *(f"no. {number}" for number in range(4))]
    )
