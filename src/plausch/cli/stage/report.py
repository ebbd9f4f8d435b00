"""The demo's last page: what the server saw beside what the guest saw."""

from collections.abc import Sequence
from datetime import datetime

from plausch.cli.console import Screen
from plausch.cli.stage.evidence import Search, SeenEnvelope
from plausch.sdk import StoredMessage

WIDTH = 44


def seen_texts(envelopes: Sequence[SeenEnvelope], history: Sequence[StoredMessage]) -> list[str]:
    """For each envelope the text that the guest saw of it; empty where there was none."""
    texts = {message.seq: message.text for message in history if message.seq is not None}
    return [texts.get(envelope.seq, "") for envelope in envelopes]


def short(text: str) -> str:
    """One line of a text, for a column."""
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def show_evidence(
    screen: Screen, envelopes: Sequence[SeenEnvelope], history: Sequence[StoredMessage]
) -> None:
    """Two views of one conversation, row by row."""
    screen.line("\n" + screen.phrase("demo_saw"), style="bold")
    rows = []
    for envelope, text in zip(envelopes, seen_texts(envelopes, history), strict=True):
        at = datetime.fromtimestamp(envelope.accepted_at_ms / 1000)
        nothing = "demo_unseen" if envelope.kind == "message" else "demo_handshake"
        rows.append(
            [
                str(envelope.seq),
                f"{at:%H:%M:%S}",
                envelope.sender.partition("/d/")[2],
                str(envelope.size_bytes),
                envelope.last_bytes.hex(),
                short(text) or screen.phrase(nothing),
            ]
        )
    screen.table(screen.phrase("demo_heads").split("|"), rows)


def show_search(screen: Screen, result: Search) -> None:
    """How thoroughly plaintext was looked for, when none was found."""
    screen.line(
        "\n"
        + screen.phrase(
            "demo_blind",
            files=result.files,
            kilobytes=result.size_bytes // 1000,
            texts=result.texts,
        ),
        style="green",
    )
