"""What the operator of a process may read: events of the server, never whose they are."""

import logging
import os
import sys
import time

import msgspec

from plausch.base.errors import OperatorError

VARIABLE = "PLAUSCH_LOG"
"""`text` (the default) or `json`: inherited by every process that the server starts."""


class LogRefused(OperatorError):
    """The form of the log is none that there is."""

    code = "bad_config"


class JsonLines(logging.Formatter):
    """One JSON object a line, for programs that collect logs; times are UTC (RFC 3339)."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as `time`, `level`, `logger`, `process`, `message` and, of an error that
        nobody expected, `traceback`."""
        seconds, milliseconds = divmod(int(record.created * 1000), 1000)
        line: dict[str, object] = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}"
            f".{milliseconds:03}Z",
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


FORMS = {"text": logging.Formatter("%(levelname)s %(message)s"), "json": JsonLines()}


def log_to_stderr() -> None:
    """One line an event; the transport's own lines name addresses: not. Raises LogRefused."""
    form = os.environ.get(VARIABLE) or "text"
    if form not in FORMS:
        raise LogRefused(f"{VARIABLE}: {form!r} is neither text nor json.")
    errors = logging.StreamHandler(sys.stderr)
    errors.setFormatter(FORMS[form])
    logging.basicConfig(level=logging.INFO, handlers=[errors])
    logging.getLogger("picows").setLevel(logging.WARNING)
