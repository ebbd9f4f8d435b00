"""web/src/mls, the TypeScript core, in a program that answers for its devices."""

import itertools
from typing import Any

from interop.core import Belongings, Core, Manner, Place
from interop.peers import EXPORT_CONTEXT, EXPORT_LABEL, EXPORT_LENGTH, External, View, Wanted
from interop.programs import Program

_clients = itertools.count(1)


class TypeScriptCore(Core):
    """One device; `web_crypto` says where signatures are verified."""

    def __init__(self, program: Program, name: str, suite_id: int, *, web_crypto: bool) -> None:
        self.kind = program.kind
        self._program = program
        self._client = f"{name}/{next(_clients)}"
        self._tell("new", suite=suite_id, identity=name.encode().hex(), webCrypto=web_crypto)

    def key_package(self) -> bytes:
        return _bytes(self._ask("keyPackage")["keyPackage"])

    def create(self, group_id: bytes) -> None:
        self._tell("create", groupId=group_id.hex())
        self.is_active = True

    def join(self, welcome: bytes, tree: bytes | None) -> None:
        self._ask("join", welcome=welcome.hex(), tree=_digits(tree))
        self.is_active = True

    def enter(self, group_info: bytes, tree: bytes | None, leaf: int | None) -> bytes:
        made = self._ask("enter", groupInfo=group_info.hex(), tree=_digits(tree), leaf=leaf)
        return _bytes(made["commit"])

    def renew(self) -> None:
        self._tell("renew")

    def commit(self, wanted: Wanted, manner: Manner) -> tuple[bytes, bytes]:
        required = wanted.required_credentials
        made = self._ask(
            "commit",
            adds=[each.hex() for each in wanted.adds],
            removes=[target.leaf for target in wanted.removes],
            psks=[{"pskId": psk.id.hex(), "nonce": psk.nonce.hex()} for psk in wanted.psks],
            resumption=wanted.resumption,
            requiredCredentials=None if required is None else list(required),
            hidden=not manner.publicly,
            renewed=manner.renewed,
            forcePath=manner.force_path,
            treeInWelcome=manner.tree_in_welcome,
        )
        return _bytes(made["commit"]), _bytes(made["welcome"])

    def accept(self) -> None:
        self._tell("accept")
        self.is_active = True

    def drop(self, *, now: bool) -> None:
        self._tell("drop", now=now)

    def process(self, message: bytes) -> bytes | None:
        answer = self._ask("process", message=message.hex())
        self.is_active = answer["isActive"]
        return _bytes(answer["plaintext"]) if "plaintext" in answer else None

    def refusal(self, raw: bytes, place: Place, tree: bytes | None) -> str:
        answer = self._ask("refusal", raw=raw.hex(), place=place, tree=_digits(tree))
        return str(answer["why"])

    def encrypt(self, plaintext: bytes, authenticated: bytes) -> bytes:
        made = self._ask("encrypt", plaintext=plaintext.hex(), authenticated=authenticated.hex())
        return _bytes(made["message"])

    def look(self) -> View:
        seen = self._ask(
            "look", label=EXPORT_LABEL, context=EXPORT_CONTEXT.hex(), length=EXPORT_LENGTH
        )
        return View(
            exported=_bytes(seen["exported"]),
            epoch=seen["epoch"],
            authenticator=_bytes(seen["authenticator"]),
            members=tuple((leaf, _bytes(name).decode()) for leaf, name in seen["members"]),
        )

    def propose_add(self, key_package: bytes, *, publicly: bool) -> bytes:
        return self._propose("proposeAdd", publicly, keyPackage=key_package.hex())

    def propose_remove(self, leaf: int, *, publicly: bool) -> bytes:
        return self._propose("proposeRemove", publicly, leaf=leaf)

    def propose_update(self, *, publicly: bool, renewed: bool) -> bytes:
        return self._propose("proposeUpdate", publicly, renewed=renewed)

    def propose_psk(self, psk: External, *, publicly: bool) -> bytes:
        return self._propose("proposePsk", publicly, pskId=psk.id.hex(), nonce=psk.nonce.hex())

    def propose_extensions(self, required: tuple[int, ...], *, publicly: bool) -> bytes:
        return self._propose("proposeExtensions", publicly, requiredCredentials=list(required))

    def _propose(self, operation: str, publicly: bool, **fields: object) -> bytes:
        return _bytes(self._ask(operation, hidden=not publicly, **fields)["message"])

    def learn_psk(self, psk_id: bytes, secret: bytes) -> None:
        self._tell("psk", pskId=psk_id.hex(), secret=secret.hex())

    def group_info(self, *, with_tree: bool) -> bytes:
        return _bytes(self._ask("groupInfo", withTree=with_tree)["groupInfo"])

    def tree(self) -> bytes:
        return _bytes(self._ask("tree")["tree"])

    def restart(self) -> None:
        self._tell("restart")

    def save(self) -> Belongings:
        saved = self._ask("save")
        return Belongings(
            _bytes(saved["signer"]),
            _bytes(saved["nextSigner"]),
            {_bytes(name): _bytes(secret) for name, secret in saved["psks"].items()},
            *(_maybe(saved[name]) for name in ("bundle", "epochState", "ratchetState")),
        )

    def load(self, belongings: Belongings) -> None:
        self._tell(
            "load",
            signer=belongings.signer.hex(),
            nextSigner=belongings.next_signer.hex(),
            psks={name.hex(): secret.hex() for name, secret in belongings.psks.items()},
            bundle=_digits(belongings.bundle),
            epochState=_digits(belongings.epoch_state),
            ratchetState=_digits(belongings.ratchet_state),
        )
        self.is_active = belongings.epoch_state is not None

    def close(self) -> None:
        self._tell("forget")

    def _tell(self, operation: str, **fields: object) -> None:
        self._program.tell(operation, self._client, **fields)

    def _ask(self, operation: str, **fields: object) -> dict[str, Any]:
        return self._program.ask(operation, self._client, **fields)


def _bytes(digits: str) -> bytes:
    return bytes.fromhex(digits)


def _digits(raw: bytes | None) -> str | None:
    return None if raw is None else raw.hex()


def _maybe(digits: str | None) -> bytes | None:
    return None if digits is None else _bytes(digits)
