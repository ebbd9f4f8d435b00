"""Linking: the two sides of it, each from its code to its end (spec/linking.md).

Nothing is kept on the new device before everything was verified. On the other one the list with the
new device is published before its keys are sent; what is interrupted in between is repeated with
the same code and leads to the same device.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from plausch.base.clock import Clock
from plausch.base.errors import PlauschError
from plausch.identity.keys import SigningKey
from plausch.sdk.device import Device
from plausch.sdk.device_lists import identity_of
from plausch.sdk.errors import NotOwner, PrivateAccount, SdkError
from plausch.sdk.handover import Handover, read_handover
from plausch.sdk.own_devices import Enrolled, add_device, demand_can_add, remove_device
from plausch.sdk.pairing import (
    NO_NONCE,
    NONCE_BYTES,
    PAIRING_BYTES,
    Cancelled,
    Challenge,
    Commitment,
    Finished,
    LinkCode,
    Offer,
    Offered,
    PairingMessage,
    Reveal,
    Sealed,
    ShownBy,
    check_commitment,
    check_keys,
    check_offer,
    commitment_to,
    keys_hash,
    link_text,
    make_hpke_keys,
    make_offer,
    message_bytes,
    not_understood,
    open_sealed,
    parse_link,
    parse_message,
    seal_for,
    short_code,
)
from plausch.sdk.pairing_line import TOKEN_BYTES, Meeting, PairingLine
from plausch.sdk.vault.own import AccountKind, Own

DIGIT_ATTEMPTS = 3
"""How often the digits of one linking may be mistyped."""

_MESSAGE = TypeVar("_MESSAGE", bound=PairingMessage)
_RESULT = TypeVar("_RESULT")


class NewPerson(Protocol):
    """Who sits before the new device."""

    async def show(self, link: str) -> None:
        """Show this device's own code."""
        ...

    async def compare(self, digits: str) -> None:
        """Show the digits that are typed on the other device."""
        ...

    async def wants(self, account: str) -> bool:
        """Whether this is to be a device of that account."""
        ...


class ExistingPerson(Protocol):
    """Who sits before the device that has the account."""

    async def show(self, link: str) -> None:
        """Show this device's own code."""
        ...

    async def agrees(self, name: str, attempt: int) -> str | None:
        """The digits that the new device of that name shows; None: no. `attempt` counts from 1."""
        ...


# --- the new device --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Joining:
    """What a new device goes by: the server, the other one's code or "", and what it is called.

    `for_agent`: it shall become an owner's device of a business, or none.
    """

    server_url: str
    link: str
    name: str
    for_agent: bool = False


async def link_new(
    joining: Joining,
    person: NewPerson,
    keep: Callable[[Own], Awaitable[None]],
    clock: Clock,
) -> Own:
    """This device is to be linked: to the one whose code it goes by, else by its own.

    `keep` writes down what it has become, before the other device hears of it. Raises SdkError,
    PairingRefused, ServerRefused, Unreachable, PrivateAccount, NotOwner: the other one takes
    it off its list again.
    """
    server_url, link = joining.server_url, joining.link
    code = parse_link(link, server_url) if link else None
    if code is not None and code.shown_by is ShownBy.NEW:
        raise _same_side(
            "This code was made by a device without an account, as this one is: open it on the "
            "device that has your account."
        )
    private_key, hpke_key = make_hpke_keys()
    device_key = SigningKey.generate()
    pairing = secrets.token_bytes(PAIRING_BYTES) if code is None else code.pairing
    offer = make_offer(pairing, device_key, hpke_key, joining.name)
    line = PairingLine(Meeting(server_url, pairing, ShownBy.NEW))
    try:
        if code is None:
            await person.show(
                link_text(server_url, LinkCode(ShownBy.NEW, pairing, keys_hash(offer)))
            )
            sealed = await _offer_to(line, pairing, offer, person)
        else:
            sealed = await _prove(line, pairing, offer, person)
        secret = open_sealed(private_key, pairing, sealed)
        handover = read_handover(secret, device_key, line.domain, clock.now_ms() // 1000)
        account = str(handover.device.account)
        if joining.for_agent and handover.kind != "business":
            raise PrivateAccount(account)
        if joining.for_agent and handover.identity is None:
            raise NotOwner
        if not await _unless_over(line, person.wants(account)):
            raise SdkError("Linking was declined on this device.", code="link_cancelled")
        own = _own(handover, server_url, device_key)
        await keep(own)
    except BaseException:
        await call_off(line)
        raise
    await _finish(line)
    return own


async def _offer_to(line: PairingLine, pairing: bytes, offer: Offer, person: NewPerson) -> Sealed:
    """This device has shown the code; whoever has not seen it on the screen asks for digits."""
    await _say(line, Offered(offer))
    message = await _hear_any(line)
    if isinstance(message, Sealed):
        return message
    if not isinstance(message, Challenge):
        raise not_understood()
    await person.compare(short_code(pairing, message.nonce, NO_NONCE, offer))
    return await _hear(line, Sealed)


async def _prove(line: PairingLine, pairing: bytes, offer: Offer, person: NewPerson) -> Sealed:
    """The other device has shown the code: this one shows six digits."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    await _say(line, Commitment(commitment_to(nonce, offer)))
    challenge = await _hear(line, Challenge)
    await _say(line, Reveal(nonce, offer))
    await person.compare(short_code(pairing, challenge.nonce, nonce, offer))
    return await _hear(line, Sealed)


async def _finish(line: PairingLine) -> None:
    """It is this device's account now, also when the other one does not hear of it."""
    try:
        await _say(line, Finished())
    except PlauschError:
        pass
    finally:
        await line.close()


def _own(handover: Handover, server_url: str, device_key: SigningKey) -> Own:
    return Own(
        server_url,
        handover.device,
        handover.kind,
        handover.identity,
        device_key,
        handover.certificate,
        handover.device_list,
        registered=True,
        mailbox=0,
    )


# --- the existing device ---------------------------------------------------------------------


async def link_existing(
    device: Device, link: str, person: ExistingPerson, *, is_staff: bool
) -> Enrolled:
    """Another device is to be linked to this one's account: the one whose code `link` is, else ("")
    whichever takes this one's. A link may come from anywhere: digits are always asked for.

    `is_staff`: it does not get the identity key. Raises NotOwner, SdkError, PairingRefused,
    TrustRefused, ServerRefused, Unreachable.
    """
    own = device.core.own
    demand_can_add(device.core, is_staff=is_staff)
    code = parse_link(link, own.server_url) if link else None
    if code is not None and code.shown_by is ShownBy.EXISTING:
        raise _same_side(
            "This code was made by a device that already has an account: scan it with the new "
            "one, or scan the code that the new one shows."
        )
    pairing = secrets.token_bytes(PAIRING_BYTES) if code is None else code.pairing
    line = PairingLine(
        Meeting(
            own.server_url,
            pairing,
            ShownBy.EXISTING,
            own.device.account.domain,
            _token(own.device_key, pairing),
        )
    )
    try:
        if code is None:
            await person.show(link_text(own.server_url, LinkCode(ShownBy.EXISTING, pairing)))
            offer, digits = await _meet(line, pairing)
        else:
            offer, digits = await _take(line, code)
        if offer.device_key == own.device_key.public:
            raise not_understood()
        await _unless_over(line, _typed(person, offer.name, digits))
        enrolled = await add_device(device.core, offer.device_key, is_staff=is_staff)
        try:
            identity = None if is_staff else identity_of(device.core)
            await _hand_over(line, pairing, own.kind, identity, enrolled, offer)
        except PlauschError as error:
            raise await _broken(device, enrolled, error) from error
    except BaseException:
        await call_off(line)
        raise
    await line.end()
    return enrolled


async def _hand_over(
    line: PairingLine,
    pairing: bytes,
    kind: AccountKind,
    identity: SigningKey | None,
    enrolled: Enrolled,
    offer: Offer,
) -> None:
    handover = Handover(kind, identity, enrolled.device, enrolled.certificate, enrolled.device_list)
    await _say(line, seal_for(offer.hpke_key, pairing, handover.to_bytes()))
    await _hear(line, Finished)


async def _broken(device: Device, enrolled: Enrolled, error: PlauschError) -> PlauschError:
    """What is told of a linking that broke off when the new device was on the list already."""
    if error.code != "link_declined":
        return _unfinished(error)
    try:
        await remove_device(device, enrolled.device)
    except PlauschError as failure:
        return _unfinished(failure)
    return error


async def _take(line: PairingLine, code: LinkCode) -> tuple[Offer, str]:
    offer = (await _hear(line, Offered)).offer
    check_keys(code, offer)
    check_offer(code.pairing, offer)
    challenge = secrets.token_bytes(NONCE_BYTES)
    await _say(line, Challenge(challenge))
    return offer, short_code(code.pairing, challenge, NO_NONCE, offer)


async def _meet(line: PairingLine, pairing: bytes) -> tuple[Offer, str]:
    commitment = (await _hear(line, Commitment)).commitment
    challenge = secrets.token_bytes(NONCE_BYTES)
    await _say(line, Challenge(challenge))
    reveal = await _hear(line, Reveal)
    check_commitment(commitment, reveal.nonce, reveal.offer)
    check_offer(pairing, reveal.offer)
    return reveal.offer, short_code(pairing, challenge, reveal.nonce, reveal.offer)


async def _typed(person: ExistingPerson, name: str, digits: str) -> None:
    """The person's yes, which is the digits. Raises SdkError `link_cancelled`,
    `link_digits_differ`."""
    for attempt in range(1, DIGIT_ATTEMPTS + 1):
        typed = await person.agrees(name, attempt)
        if typed is None:
            raise SdkError("Linking was declined on this device.", code="link_cancelled")
        if hmac.compare_digest("".join(typed.split()).encode(), digits.encode()):
            return
    raise SdkError(
        "These were not the digits that belong to this linking: nothing was linked; if the new "
        "device showed these, somebody is in between.",
        code="link_digits_differ",
    )


def _token(device_key: SigningKey, pairing: bytes) -> bytes:
    """The same after a crash: the server lets this side come back."""
    context = b"Plausch 1.0 pairing token\0"
    return hashlib.sha256(context + device_key.to_bytes() + pairing).digest()[:TOKEN_BYTES]


def _same_side(sentence: str) -> SdkError:
    return SdkError(sentence, code="link_same_side")


def _unfinished(cause: PlauschError) -> SdkError:
    return SdkError(
        "The new device is on the list of devices, but has not said that it got its keys "
        f"({str(cause).rstrip('.')}): link it again with the same code, or remove it from the "
        "list.",
        code="link_unfinished",
    )


# --- messages --------------------------------------------------------------------------------


async def _say(line: PairingLine, message: PairingMessage) -> None:
    await line.send(message_bytes(message))


async def _hear_any(line: PairingLine) -> PairingMessage:
    message = parse_message(await line.receive())
    if isinstance(message, Cancelled):
        raise SdkError("Linking was declined on the other device.", code="link_declined")
    return message


async def _hear(line: PairingLine, kind: type[_MESSAGE]) -> _MESSAGE:
    message = await _hear_any(line)
    if not isinstance(message, kind):
        raise not_understood()
    return message


async def _unless_over(line: PairingLine, answer: Coroutine[Any, Any, _RESULT]) -> _RESULT:
    """A person's answer, or what ends the pairing meanwhile; nothing else is said until then."""
    asked = asyncio.ensure_future(answer)
    heard = asyncio.ensure_future(_hear_any(line))
    try:
        await asyncio.wait({asked, heard}, return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            heard.result()
            raise not_understood()
        return asked.result()
    finally:
        asked.cancel()
        heard.cancel()
        await asyncio.gather(asked, heard, return_exceptions=True)


async def call_off(line: PairingLine) -> None:
    """Tell the other side that it is over, if it can be reached at once."""
    try:
        if line.has_met:
            await _say(line, Cancelled())
    except PlauschError:
        pass  # who is not reached finds out by the pairing's end
    finally:
        await line.close()
