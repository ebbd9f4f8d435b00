"""ts-mls (TypeScript) in a Node process of its own; suites 1, 2, 3 and X-Wing as number 83."""

import base64
from pathlib import Path
from typing import Any

from interop.peers import (
    EXPORT_CONTEXT,
    EXPORT_LABEL,
    EXPORT_LENGTH,
    Committed,
    External,
    Peer,
    Target,
    View,
    Wanted,
)
from interop.programs import Node, Program

FOLDER = Path(__file__).resolve().parent


def ts_mls() -> Node:
    """A Node process that answers requests about its ts-mls clients."""
    return Node("ts-mls", FOLDER / "peer.mjs")


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text)


class TsMlsPeer(Peer):
    """One ts-mls client with at most one group."""

    kind = "ts-mls"
    can_psk = True
    can_external = True
    can_group_info = True
    can_hide_handshakes = True

    def __init__(self, name: str, node: Program, suite_id: int) -> None:
        super().__init__(name)
        self._node = node
        self._ask("new", suite=suite_id, identity=_b64(name.encode()))

    def key_package(self) -> bytes:
        return _raw(self._ask("keyPackage")["keyPackage"])

    def create(self, group_id: bytes) -> None:
        self._ask("keyPackage")
        self._ask("create", groupId=_b64(group_id))

    def join(self, welcome: bytes, tree: bytes | None) -> None:
        self._ask("join", welcome=_b64(welcome), tree=None if tree is None else _b64(tree))

    def commit(self, wanted: Wanted, *, publicly: bool = True) -> Committed:
        proposals = [
            *({"kind": "add", "keyPackage": _b64(each)} for each in wanted.adds),
            *({"kind": "remove", "leaf": each.leaf} for each in wanted.removes),
            *(_psk_proposal(each) for each in wanted.psks),
        ]
        made = self._ask("commit", proposals=proposals, publicly=publicly)
        return Committed(_raw(made["commit"]), _raw(made["welcome"]))

    def accept(self) -> None:
        self._ask("accept")

    def drop(self) -> None:
        self._ask("drop")

    def process(self, message: bytes) -> bytes | None:
        answer = self._ask("process", message=_b64(message))
        return _raw(answer["plaintext"]) if "plaintext" in answer else None

    def encrypt(self, plaintext: bytes) -> bytes:
        return _raw(self._ask("encrypt", plaintext=_b64(plaintext))["message"])

    def look(self) -> View:
        seen = self._ask(
            "look", label=EXPORT_LABEL, context=_b64(EXPORT_CONTEXT), length=EXPORT_LENGTH
        )
        return View(
            exported=_raw(seen["exported"]),
            epoch=seen["epoch"],
            authenticator=_raw(seen["authenticator"]),
            members=tuple((leaf, _raw(name).decode()) for leaf, name in seen["members"]),
        )

    def propose_add(self, key_package: bytes, *, publicly: bool = True) -> bytes:
        return self._propose({"kind": "add", "keyPackage": _b64(key_package)}, publicly)

    def propose_remove(self, target: Target, *, publicly: bool = True) -> bytes:
        return self._propose({"kind": "remove", "leaf": target.leaf}, publicly)

    def propose_psk(self, psk: External, *, publicly: bool = True) -> bytes:
        return self._propose(_psk_proposal(psk), publicly)

    def learn_psk(self, psk_id: bytes, secret: bytes) -> None:
        self._ask("psk", pskId=_b64(psk_id), secret=_b64(secret))

    def external(self, group_info: bytes, tree: bytes | None = None) -> bytes:
        self._ask("keyPackage")
        return _raw(self._ask("external", groupInfo=_b64(group_info))["commit"])

    def group_info(self, *, with_tree: bool = True) -> bytes:
        return _raw(self._ask("groupInfo")["groupInfo"])

    def restart(self) -> None:
        self._ask("restart")

    def close(self) -> None:
        self._ask("forget")

    def _propose(self, proposal: dict[str, object], publicly: bool) -> bytes:
        return _raw(self._ask("propose", proposal=proposal, publicly=publicly)["message"])

    def _ask(self, operation: str, **fields: object) -> dict[str, Any]:
        return self._node.ask(operation, self.name, **fields)


def _psk_proposal(psk: External) -> dict[str, object]:
    return {"kind": "psk", "pskId": _b64(psk.id), "nonce": _b64(psk.nonce)}
