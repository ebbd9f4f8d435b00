"""`plausch agent call`: one operation of the running agent, for scripts."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import click

from plausch.agent.operations.doors import TOKEN_FILE, URL_FILE
from plausch.base.errors import LocalError, OperatorError
from plausch.cli.options import home_option

TIMEOUT_S = 60


class CallRefused(LocalError):
    """The agent did not do it; its sentence says why."""

    code = "refused"


class AgentAway(OperatorError):
    """No agent listens on this machine."""

    code = "agent_away"


@click.command(
    "call",
    epilog="""\b
Examples:
  plausch agent call agent.status --home ~/linde
  plausch agent call bookings.plan '{"from": "2026-12-24", "days": 7}' --home ~/linde""",
)
@click.argument("operation")
@click.argument("params", default="{}", metavar="[JSON]")
@click.option("--key", default="", help="Idempotency key: repeated, it is the same call.")
@home_option
def call(operation: str, params: str, key: str, home: Path) -> None:
    """Ask the agent that runs with --api for an OPERATION, and print its answer as JSON.

    The operations and their params are in GET /v1/openapi.json.
    """
    status, answer = asked(home, "POST", f"/v1/{operation}", params.encode(), key)
    if status != http.HTTPStatus.OK:
        raise refusal_in(answer)
    click.echo(answer.decode())


def asked(home: Path, method: str, path: str, body: bytes, key: str = "") -> tuple[int, bytes]:
    """Status and body of the agent's answer. Raises AgentAway."""
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    try:
        headers["Authorization"] = f"Bearer {(home / TOKEN_FILE).read_text().strip()}"
        address = urlsplit((home / URL_FILE).read_text().strip())
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=TIMEOUT_S
        )
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AgentAway(
            f"No agent of {home} listens on this machine; start it with: plausch agent run "
            f"--home {home} --api 0"
        ) from error


def refusal_in(answer: bytes) -> CallRefused:
    """The error behind a refusal's JSON."""
    try:
        told = json.loads(answer)
        return CallRefused(str(told["sentence"]), code=str(told["code"]))
    except (ValueError, KeyError, TypeError):
        return CallRefused("The agent gave an answer that cannot be read: update both programs.")
