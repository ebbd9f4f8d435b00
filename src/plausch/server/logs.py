"""What the operator of a process may read."""

import logging
import sys


def log_to_stderr() -> None:
    """One line an event; the transport's own lines name addresses: not."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    logging.getLogger("picows").setLevel(logging.WARNING)
