"""The log has our lines and not the transport's, which would name addresses."""

import json
import os
import re
import subprocess
import sys

import pytest

PROGRAM = """
import logging
from plausch.server.logs import log_to_stderr
log_to_stderr()
ours = logging.getLogger("plausch.server")
ours.info("ours")
logging.getLogger("picows").info("192.0.2.1 connected")
logging.getLogger("picows").warning("theirs, when it matters")
try:
    {}["gone"]
except KeyError:
    ours.exception("two\\nlines")
"""


def said(form: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        env={**os.environ, "PLAUSCH_LOG": form},
        check=False,
    )
    assert ran.stdout == ""
    return ran.stderr.splitlines()


@pytest.mark.parametrize("form", ["", "text"])
def test_what_it_says_and_what_it_keeps_to_itself(form: str) -> None:
    lines = said(form)
    assert lines[:4] == ["INFO ours", "WARNING theirs, when it matters", "ERROR two", "lines"]
    assert lines[-1] == "KeyError: 'gone'"


def test_for_programs_each_event_is_one_object() -> None:
    ours, theirs, failed = map(json.loads, said("json"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", ours.pop("time"))
    assert isinstance(ours.pop("process"), int)
    assert ours == {"level": "INFO", "logger": "plausch.server", "message": "ours"}
    assert (theirs["logger"], theirs["level"]) == ("picows", "WARNING")
    assert failed["message"] == "two\nlines"
    assert failed["traceback"].endswith("KeyError: 'gone'")


def test_another_form_is_refused() -> None:
    assert said("xml")[-1].endswith("PLAUSCH_LOG: 'xml' is neither text nor json.")
