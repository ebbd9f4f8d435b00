"""Who may be encrypted to: the authentication service of this device (RFC 9750 section 4).

Every leaf of every group and every key package is judged here: its certificate is signed by the
account's identity key, that key is the one pinned when the account was first seen, the device
is on the account's latest list, and the times fit. The server only delivers these objects; a
swapped, forged, withheld or rolled-back one is refused.

The judge that MLS calls is synchronous. When it meets an account that is unknown, or a device
that is not on the list as known here, it raises `NeedsAccount`; the caller looks the account up
(`refresh`) and tries again, and whatever is still wrong then is refused for good.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, Protocol

from plausch.base.clock import Clock
from plausch.base.errors import PlauschError
from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import CREDENTIAL_TYPE, DeviceCertificate, parse_certificate
from plausch.identity.device_list import DeviceList, parse_device_list
from plausch.identity.errors import IdentityRefused
from plausch.identity.judge import judge_leaf
from plausch.identity.safety_number import (
    Party,
    check_scanned,
    is_qr_payload,
    is_same_number,
    safety_number,
)
from plausch.mls.credential import Credential, CredentialJudge, CredentialRefused, Role
from plausch.sdk.contacts import Contact, ContactState
from plausch.sdk.errors import IdentityChanged, TrustRefused
from plausch.sdk.events import Feed, IdentityKeyChanged
from plausch.sdk.vault.accounts import Accounts, KeptAccount
from plausch.sdk.vault.vault import Vault
from plausch.sdk.whole import whole
from plausch.wire import frames as f

LOOK_UPS_AT_ONCE = 32
CERTIFICATES_REMEMBERED = 4_096
_IN: frozenset[Role] = frozenset({"member", "added"})
_OUTDATED = frozenset({"device_not_listed", "certificate_expired", "staff_expired"})

Verdict = Literal["good", "outdated", "bad"]


class NeedsAccount(PlauschError):
    """The judge has to know more about an account before it can decide."""

    code = "needs_account"

    def __init__(self, address: AccountAddress) -> None:
        super().__init__(f"{address} has to be looked up first.")
        self.address = address


class AskAccount(Protocol):
    """Looks an account up on the server."""

    async def __call__(self, name: str) -> f.Account:
        """Raises ServerRefused, Unreachable."""
        ...


class Trust:
    """The accounts this device knows, pinned keys and lists, in memory and in the vault."""

    def __init__(
        self, vault: Vault, own: AccountAddress, ask: AskAccount, feed: Feed, clock: Clock
    ) -> None:
        self._vault = vault
        self._table = Accounts(vault)
        self._own = own
        self._ask = ask
        self._feed = feed
        self._clock = clock
        self._accounts: dict[AccountAddress, KeptAccount] = {}
        self._lists: dict[AccountAddress, DeviceList] = {}
        self._certificates: dict[bytes, DeviceCertificate] = {}
        self._looked_up: dict[AccountAddress, int] = {}
        # What is decided about an account depends on what is kept of it: one change at a time.
        self._changing = asyncio.Lock()
        self.version = 0
        """Grows whenever anything that a verdict depends on has changed."""

    async def load(self) -> None:
        """Read the vault. Raises VaultDamaged, IdentityRefused (a damaged list)."""
        for account in await self._table.all():
            self._keep(account)

    # --- what is known -----------------------------------------------------------------------

    def account(self, address: AccountAddress) -> KeptAccount | None:
        """What is known of an account."""
        return self._accounts.get(address)

    def device_list(self, address: AccountAddress) -> DeviceList:
        """The latest verified list of a known account. Raises TrustRefused if it is unknown."""
        found = self._lists.get(address)
        if found is None:
            raise TrustRefused(f"{address} is not known to this device yet.")
        return found

    def contacts(self) -> list[Contact]:
        """Every other account."""
        return [contact_of(kept) for kept in self._accounts.values() if kept.address != self._own]

    def demand_unchanged(self, addresses: Iterable[AccountAddress]) -> None:
        """Raises IdentityChanged when one of them waits for a person's decision."""
        for address in addresses:
            kept = self._accounts.get(address)
            if kept is not None and kept.state is ContactState.CHANGED:
                raise IdentityChanged(address)

    def safety_number(self, address: AccountAddress) -> str:
        """60 digits in groups of 5 that both people see alike if nobody is in between.

        While a new identity key waits for a decision, those of the new key. Raises TrustRefused
        if the account is unknown.
        """
        return safety_number(*self._parties(address))

    def _parties(self, address: AccountAddress) -> tuple[Party, Party]:
        """This account, and the other with the key that is to be compared."""
        mine = self.device_list(self._own).identity_key
        theirs = self.device_list(address).identity_key
        return Party(self._own, mine), Party(address, self._accounts[address].offered_key or theirs)

    # --- looking up --------------------------------------------------------------------------

    async def ensure(self, address: AccountAddress) -> KeptAccount:
        """The account, looked up if it is unknown. Raises as `refresh`."""
        return self._accounts.get(address) or await self.refresh(address)

    async def freshen(self, addresses: Iterable[AccountAddress], connection: int) -> None:
        """Look up those not yet looked up on this connection. Raises as `refresh`."""
        stale = [one for one in addresses if self._looked_up.get(one) != connection]
        for start in range(0, len(stale), LOOK_UPS_AT_ONCE):
            some = stale[start : start + LOOK_UPS_AT_ONCE]
            await asyncio.gather(*(self._freshen(address, connection) for address in some))

    async def _freshen(self, address: AccountAddress, connection: int) -> None:
        await self.refresh(address)
        self._looked_up[address] = connection

    async def refresh(self, address: AccountAddress) -> KeptAccount:
        """Look an account up on the server, verify what it shows, keep it.

        An account seen for the first time is pinned. A new identity key is kept aside and the
        contact marked as changed. Raises TrustRefused (forged, rolled back, another history),
        ServerRefused, Unreachable.
        """
        if address.domain != self._own.domain:
            raise TrustRefused(
                f"{address} lives on another server; this one can only reach {self._own.domain}."
            )
        shown = await self._ask(address.name)
        async with self._changing:
            try:
                kept = self._verified(address, shown)
            except IdentityRefused as error:
                raise TrustRefused(
                    f"The server shows {address} in a way that cannot be believed: {error}",
                    code=error.code,
                ) from error
            before = self._accounts.get(address)
            if kept != before:
                await self._put(kept)
                # A third key is told as well: what was compared with the second is worth nothing.
                if before is not None and kept.offered_key not in (b"", before.offered_key):
                    self._feed.tell(IdentityKeyChanged(address))
            return kept

    def _verified(self, address: AccountAddress, shown: f.Account) -> KeptAccount:
        """What to keep of what the server shows. Raises IdentityRefused."""
        offered = parse_device_list(shown.device_list)
        if offered.account != address or offered.identity_key != shown.identity_key:
            raise IdentityRefused(
                f"The device list shown for {address} is not of that account and key.",
                code="device_list_account",
            )
        kind = "business" if shown.kind == "business" else "person"
        kept = self._accounts.get(address)
        if kept is None:
            pinned = ContactState.PINNED
            return KeptAccount(
                address, kind, offered.identity_key, shown.device_list, pinned, known=False
            )
        if offered.identity_key == kept.identity_key:
            newer = offered.supersedes(kept.device_list)
            return replace(kept, device_list=shown.device_list) if newer else kept
        if address == self._own:
            raise IdentityRefused(
                "The server shows another identity key for this very account.",
                code="identity_key_changed",
            )
        if kept.offered_key == offered.identity_key:
            if offered.supersedes(kept.offered_list):
                return replace(kept, offered_list=shown.device_list)
            return kept
        return replace(
            kept,
            state=ContactState.CHANGED,
            offered_key=offered.identity_key,
            offered_list=shown.device_list,
        )

    # --- a person's decisions ----------------------------------------------------------------

    async def pin_own(self, kind: str, device_list: bytes) -> None:
        """This account's own list, as made here."""
        parsed = parse_device_list(device_list)
        verified = ContactState.VERIFIED
        own = KeptAccount(self._own, kind, parsed.identity_key, device_list, verified, known=True)
        async with self._changing:
            await self._put(own)

    async def set_known(self, addresses: Iterable[AccountAddress]) -> None:
        """This person wrote to them, or accepted their request."""
        for address in addresses:
            async with self._changing:
                kept = self._accounts.get(address)
                if kept is not None and not kept.known:
                    await self._put(replace(kept, known=True))

    async def mark_verified(self, address: AccountAddress, compared: str) -> None:
        """Safety numbers were compared.

        `compared` is the number that the person saw, or the text of the code that was scanned.
        Raises TrustRefused when that is not the present one, IdentityChanged while a new key waits
        (it is accepted first and compared then).
        """
        await self.ensure(address)
        async with self._changing:
            self.demand_unchanged([address])
            self._demand_present(address, compared)
            await self._put(replace(self._accounts[address], state=ContactState.VERIFIED))

    async def accept_identity(self, address: AccountAddress, compared: str) -> None:
        """Pin the key that waits for a decision; nothing happens if none does.

        `compared` as in `mark_verified`: whoever has compared with a second key does not accept a
        third unawares. Raises TrustRefused when that is not the present number.
        """
        await self.ensure(address)
        async with self._changing:
            self._demand_present(address, compared)
            kept = self._accounts[address]
            if kept.state is ContactState.CHANGED:
                pinned = replace(kept, identity_key=kept.offered_key, device_list=kept.offered_list)
                await self._put(_settled(pinned))

    async def reject_identity(self, address: AccountAddress) -> None:
        """Drop the key that waits for a decision and keep the pinned one: the server lied.

        If it goes on, the contact is marked as changed again. Nothing happens if none waits.
        """
        await self.ensure(address)
        async with self._changing:
            kept = self._accounts[address]
            if kept.state is ContactState.CHANGED:
                await self._put(_settled(kept))

    def _demand_present(self, address: AccountAddress, compared: str) -> None:
        """Raises TrustRefused unless it is the present number, or a code that says the same."""
        if is_qr_payload(compared):
            try:
                check_scanned(compared, *self._parties(address))
            except IdentityRefused as error:
                raise TrustRefused(str(error), code=error.code) from error
        elif not is_same_number(compared, self.safety_number(address)):
            raise TrustRefused(
                f"This is not the safety number with {address} now: a digit is wrong, or the "
                "identity key has changed since; look at the number again and compare it anew.",
                code="safety_number_differs",
            )

    @whole
    async def _put(self, kept: KeptAccount) -> None:
        await self._vault.write([self._table.put(kept)])
        self._keep(kept)

    def _keep(self, kept: KeptAccount) -> None:
        self._accounts[kept.address] = kept
        self._lists[kept.address] = parse_device_list(kept.device_list)
        self.version += 1

    # --- judging -----------------------------------------------------------------------------

    def certificate(self, credential: Credential) -> DeviceCertificate:
        """The certificate that a credential carries. Raises CredentialRefused."""
        if credential.type != CREDENTIAL_TYPE:
            raise CredentialRefused(
                f"A credential of type {credential.type:#06x} is not a device certificate."
            )
        known = self._certificates.get(credential.body)
        if known is None:
            try:
                known = parse_certificate(credential.body)
            except IdentityRefused as error:
                raise CredentialRefused(str(error)) from error
            if len(self._certificates) >= CERTIFICATES_REMEMBERED:
                self._certificates.clear()
            self._certificates[credential.body] = known
        return known

    def device(self, credential: Credential) -> DeviceAddress:
        """Whose leaf it is. Raises CredentialRefused."""
        return self.certificate(credential).device

    def judge(self, looked_up: set[AccountAddress]) -> CredentialJudge:
        """The judge for one MLS operation.

        `looked_up`: the accounts that the caller refreshed for this operation; of any other,
        the judge may ask for a look (NeedsAccount).
        """

        def judge(credential: Credential, signature_key: bytes, role: Role) -> None:
            certificate = self.certificate(credential)
            address = certificate.account
            if address.domain != self._own.domain:
                raise CredentialRefused(f"{certificate.device} is a device of another server.")
            if address not in self._accounts:
                if address in looked_up:
                    raise CredentialRefused(f"{address} could not be looked up.")
                raise NeedsAccount(address)
            try:
                self._judge(certificate, signature_key)
            except IdentityRefused as error:
                if address not in looked_up:
                    raise NeedsAccount(address) from error
                # Who is in, or was added while it was listed, and is listed no longer cannot stop
                # others from joining or going on; nothing is sent in that conversation before it
                # is removed (verdict).
                if error.code in _OUTDATED and role in _IN:
                    return
                raise CredentialRefused(str(error), code=error.code) from error

        return judge

    def verdict(self, credential: Credential, signature_key: bytes, ahead_s: int = 0) -> Verdict:
        """May this member be encrypted to now? Outdated: no, remove it first. Bad: no.

        `ahead_s`: as it will be so many seconds from now.
        """
        try:
            self._judge(self.certificate(credential), signature_key, ahead_s)
        except CredentialRefused:
            return "bad"
        except IdentityRefused as error:
            return "outdated" if error.code in _OUTDATED else "bad"
        return "good"

    def _judge(
        self, certificate: DeviceCertificate, signature_key: bytes, ahead_s: int = 0
    ) -> None:
        kept = self._accounts.get(certificate.account)
        if kept is None:
            raise IdentityRefused(f"{certificate.account} is unknown.", code="unknown_account")
        now_s = self._clock.now_ms() // 1000 + ahead_s
        judge_leaf(certificate, signature_key, kept.identity_key, self._lists[kept.address], now_s)


def contact_of(kept: KeptAccount) -> Contact:
    """The public form."""
    return Contact(kept.address, kept.kind, kept.state, kept.known)


def _settled(kept: KeptAccount) -> KeptAccount:
    """No key waits any more; whichever is pinned then has to be compared (again)."""
    return replace(kept, state=ContactState.PINNED, offered_key=b"", offered_list=b"")
