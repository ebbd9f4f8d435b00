"""mls-rs (Rust), by the wheel `agentvault-mls-rs-uniffi`: cipher suite 1 only.

It keeps no roster that could be asked, names members by identity objects that it has seen as
senders, joins only by Welcome, knows no pre-shared keys, and loses key packages on restart.
"""

import mls_rs_uniffi as rs

from interop.peers import (
    EXPORT_CONTEXT,
    EXPORT_LABEL,
    EXPORT_LENGTH,
    Committed,
    Peer,
    PeerFailed,
    Target,
    View,
    Wanted,
)


class MlsRsPeer(Peer):
    """One mls-rs client with at most one group."""

    kind = "mls-rs"

    def __init__(self, name: str, by_name: dict[str, "MlsRsPeer"]) -> None:
        super().__init__(name)
        keys = rs.generate_signature_keypair(rs.CipherSuite.CURVE25519_AES128)
        self.client = rs.Client(name.encode(), keys, rs.client_config_default())
        self.group: rs.Group | None = None
        self._identities: dict[str, rs.SigningIdentity] = {}
        self._by_name = by_name
        self._pending: rs.Message | None = None
        by_name[name] = self

    def key_package(self) -> bytes:
        return bytes(self.client.generate_key_package_message().to_bytes())

    def create(self, group_id: bytes) -> None:
        self.group = self.client.create_group(group_id)

    def join(self, welcome: bytes, tree: bytes | None) -> None:
        beside = None if tree is None else rs.RatchetTree(bytes=tree)
        message = rs.Message.from_bytes(welcome)
        self.group = self._try(lambda: self.client.join_group(beside, message).group)

    def commit(self, wanted: Wanted, *, publicly: bool = True) -> Committed:
        if wanted.psks or (wanted.adds and wanted.removes):
            raise NotImplementedError("mls-rs commits one kind of proposal by value")
        if wanted.adds:
            made = self._try(
                lambda: self._group.add_members([rs.Message.from_bytes(a) for a in wanted.adds])
            )
        elif wanted.removes:
            made = self._try(
                lambda: self._group.remove_members([self._identity(t) for t in wanted.removes])
            )
        else:
            made = self._try(lambda: self._group.commit())
        self._pending = made.commit_message
        welcome = made.welcome_message
        return Committed(
            bytes(made.commit_message.to_bytes()), b"" if welcome is None else welcome.to_bytes()
        )

    def accept(self) -> None:
        pending, self._pending = self._pending, None
        self._try(lambda: self._group.process_incoming_message(pending))

    def drop(self) -> None:
        self._pending = None

    def process(self, message: bytes) -> bytes | None:
        received = self._try(
            lambda: self._group.process_incoming_message(rs.Message.from_bytes(message))
        )
        if not received.is_application_message():
            return None
        return bytes(received.data)

    def process_from(self, sender: str, message: bytes) -> bytes:
        """As `process`, and remember the sender's identity object."""
        received = self._try(
            lambda: self._group.process_incoming_message(rs.Message.from_bytes(message))
        )
        self._identities[sender] = received.sender
        return bytes(received.data)

    def encrypt(self, plaintext: bytes) -> bytes:
        return bytes(self._group.encrypt_application_message(plaintext).to_bytes())

    def look(self) -> View:
        exported = self._group.export_secret(EXPORT_LABEL.encode(), EXPORT_CONTEXT, EXPORT_LENGTH)
        return View(exported=bytes(exported))

    def propose_add(self, key_package: bytes, *, publicly: bool = True) -> bytes:
        made = self._try(
            lambda: self._group.propose_add_members([rs.Message.from_bytes(key_package)])
        )
        return bytes(made[0].to_bytes())

    def propose_remove(self, target: Target, *, publicly: bool = True) -> bytes:
        made = self._try(lambda: self._group.propose_remove_members([self._identity(target)]))
        return bytes(made[0].to_bytes())

    def can_remove(self, target: Target) -> bool:
        known = target.name in self._identities or target.name in self._by_name
        return known and target.name != self.name

    def restart(self) -> None:
        self._group.write_to_storage()

    def close(self) -> None:
        self.group = None

    @property
    def _group(self) -> rs.Group:
        assert self.group is not None
        return self.group

    def _identity(self, target: Target) -> rs.SigningIdentity:
        if target.name in self._by_name:
            return self._by_name[target.name].client.signing_identity()
        return self._identities[target.name]

    def _try(self, call):  # type: ignore[no-untyped-def]
        try:
            return call()
        except rs.Error as error:
            raise PeerFailed(f"{self!r}: {error!r}") from error
