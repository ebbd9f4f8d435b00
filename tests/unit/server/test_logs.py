"""The log has our lines and not the transport's, which would name addresses."""

import subprocess
import sys

PROGRAM = """
import logging
from plausch.server.logs import log_to_stderr
log_to_stderr()
logging.getLogger("plausch.server").info("ours")
logging.getLogger("picows").info("192.0.2.1 connected")
logging.getLogger("picows").warning("theirs, when it matters")
"""


def test_what_it_says_and_what_it_keeps_to_itself() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == ["INFO ours", "WARNING theirs, when it matters"]
