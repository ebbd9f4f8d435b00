"""What can go wrong for someone who uses the SDK. Every text is one sentence that helps."""

from plausch.base.errors import Fault, LocalError, OperatorError, RemoteError
from plausch.base.ids import AccountAddress


class SdkError(LocalError):
    """A call that cannot be carried out in the present state."""

    code = "sdk"


class FileRefused(SdkError):
    """A file of this machine cannot be read or written."""

    code = "file"


class VaultError(OperatorError):
    """The vault cannot be read or written."""

    code = "vault"


class VaultBusy(VaultError):
    """Another process has the vault open (one owner at a time: keys must never be used twice)."""

    code = "vault_busy"
    fault = Fault.LOCAL


class VaultMissing(VaultError):
    """There is no account in this folder yet."""

    code = "vault_missing"
    fault = Fault.LOCAL


class VaultExists(VaultError):
    """There is already an account in this folder."""

    code = "vault_exists"
    fault = Fault.LOCAL


class WrongPassphrase(VaultError):
    """The passphrase does not open the vault, or one is needed and none was given."""

    code = "wrong_passphrase"
    fault = Fault.LOCAL


class VaultDamaged(VaultError):
    """A sealed value does not open: the file was altered or is damaged."""

    code = "vault_damaged"


class Unreachable(OperatorError):
    """No connection to the server right now; what was sent waits in the outbox."""

    code = "unreachable"


class ServerRefused(RemoteError):
    """The server refused a request. `code` is the server's word (spec/wire.md)."""

    code = "refused"

    def __init__(
        self,
        sentence: str,
        *,
        code: str,
        fault: Fault,
        retry_after_ms: int = 0,
        epoch: int = -1,
        head: int = -1,
    ) -> None:
        super().__init__(sentence, code=code, fault=fault)
        self.retry_after_ms = retry_after_ms
        self.epoch = epoch
        self.head = head


class ServerMisbehaved(RemoteError):
    """The server sent what an honest server never sends; nothing of it was believed."""

    code = "server_misbehaved"


class TrustRefused(RemoteError):
    """A device or account failed the identity checks; nothing is encrypted to it."""

    code = "trust_refused"


class IdentityChanged(TrustRefused):
    """An account shows another identity key than the one known; sending waits for a decision.

    `address` is the account. Compare safety numbers, then call `Client.accept_identity`
    or `Client.reject_identity`.
    """

    code = "identity_changed"

    def __init__(self, address: AccountAddress) -> None:
        super().__init__(
            f"{address} has a new identity key: it may be a new beginning on a new device, or "
            "somebody in between; compare safety numbers, then accept the new identity or do not "
            "write."
        )
        self.address = address


class UnknownConversation(SdkError):
    """No conversation with this id or address in the vault."""

    code = "unknown_conversation"


class NotParticipant(SdkError):
    """This account has left the conversation or was removed from it."""

    code = "not_participant"


class NotAdmin(SdkError):
    """Only an admin of the group may do this."""

    code = "not_admin"


class NotOwner(SdkError):
    """This device is one of staff: it does not have the account's identity key."""

    code = "not_owner"

    def __init__(self) -> None:
        super().__init__(
            "This device belongs to staff and does not hold the account's identity key: only a "
            "device of an owner can do that."
        )


class PrivateAccount(SdkError):
    """What only a business's device can do was wanted of a private account's."""

    code = "private_account"

    def __init__(self, account: str) -> None:
        super().__init__(
            f"{account} is a private account, and an agent works for a business: use the account "
            "of your business, or make one with plausch agent init."
        )


class ConversationBroken(RemoteError):
    """The log does not continue from what this device knows; it has to be added again."""

    code = "conversation_broken"


class ChangeForgotten(ConversationBroken):
    """The server was set back and has forgotten a change that this device has seen."""

    code = "change_forgotten"
