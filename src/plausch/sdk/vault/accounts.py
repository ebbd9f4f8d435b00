"""Table `account`: accounts, the identity key pinned for each, their latest device list."""

from dataclasses import dataclass

from plausch.base.ids import AccountAddress
from plausch.sdk.contacts import ContactState
from plausch.sdk.vault.vault import Vault, Write


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """What is known of an account. `offered_*`: the new identity that waits for a decision."""

    address: AccountAddress
    kind: str
    identity_key: bytes
    device_list: bytes
    state: ContactState
    known: bool
    offered_key: bytes = b""
    offered_list: bytes = b""


class Accounts:
    """The vault's accounts."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def all(self) -> list[KeptAccount]:
        """Every account, by address."""
        rows = await self._vault.fetch(
            "SELECT uri, kind, identity_key, device_list, state, known, offered_key, "
            "offered_list FROM account ORDER BY uri"
        )
        return [
            KeptAccount(
                AccountAddress.parse_uri(uri),
                kind,
                identity_key,
                device_list,
                ContactState(state),
                bool(known),
                offered_key,
                offered_list,
            )
            for uri, kind, identity_key, device_list, state, known, offered_key, offered_list in (
                rows
            )
        ]

    def put(self, account: KeptAccount) -> Write:
        """Write the whole row."""
        return Write(
            "INSERT INTO account (uri, kind, identity_key, device_list, state, known, "
            "offered_key, offered_list) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
            "ON CONFLICT (uri) DO UPDATE SET kind = $2, identity_key = $3, device_list = $4, "
            "state = $5, known = $6, offered_key = $7, offered_list = $8",
            (
                account.address.uri,
                account.kind,
                account.identity_key,
                account.device_list,
                account.state.value,
                int(account.known),
                account.offered_key,
                account.offered_list,
            ),
        )
