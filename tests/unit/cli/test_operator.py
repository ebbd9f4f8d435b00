"""The operator's page as a program beside a server."""

import json
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from company import line_of, process, server

from .conftest import Plausch


def test_the_page_runs_beside_the_server(plausch: Plausch, tmp_path: Path) -> None:
    folder, log = tmp_path / "server", tmp_path / "operator.log"
    with (
        server(folder) as url,
        process("--language", "de", "operator", "--data", folder, log=log) as running,
    ):
        plausch("register", "anna", "--server", url, "--home", tmp_path / "anna")
        link = line_of(running, "link ").removeprefix("link ")
        browser = build_opener(HTTPCookieProcessor())
        with browser.open(link) as answer:
            page = answer.read().decode()
        assert ">anna<" in page
        assert '<html lang="de">' in page, "the language of the command, where none is asked for"
        assert line_of(running, "link ") != f"link {link}", "for another browser"
        totals = json.loads(plausch("accounts", "totals", "--data", folder, "--json").out)
        assert totals["people"] == 1
    assert running.returncode == 143
    assert "Er gilt einmal" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_is_none(plausch: Plausch, tmp_path: Path, port: str) -> None:
    assert plausch("operator", "--data", tmp_path, "--port", port).code == 2


def test_a_folder_without_a_server_is_said(plausch: Plausch, tmp_path: Path) -> None:
    ran = plausch("operator", "--data", tmp_path)
    assert (ran.code, "There is no server" in ran.sentence) == (2, True)
