"""What must be true at the end of a run; each check is a sentence when it fails."""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from plausch.wire import frames as f
from simulation.gateway import Gateway
from simulation.view import text_of
from simulation.virtual_loop import Violation

if TYPE_CHECKING:
    from simulation.device import Device
    from simulation.run import Run

Log = dict[int, tuple[int, int, int, str, bytes, bytes]]
"""seq -> (epoch, kind, accepted_at_ms, sender URI, idempotency id, message)"""


def missing(run: "Run") -> list[str]:
    """Cursors in the store that are behind what their devices may read."""
    behind = run.store.rows(
        "SELECT d.uri, c.public_id, k.seq, c.head, k.until_seq FROM device_cursor k "
        "JOIN conversation c ON c.id = k.conversation_id JOIN device d ON d.id = k.device_id "
        "WHERE k.seq < CASE WHEN k.until_seq < 0 THEN c.head ELSE k.until_seq END"
    )
    present = {device.uri: device.name for device in run.devices}
    found = [
        f"{present[uri]} has acknowledged {seq} of {until if until >= 0 else head} in "
        f"{conversation[:1].hex()}"
        for uri, conversation, seq, head, until in behind
        if uri in present
    ]
    for device in run.devices:
        owed = [one.name for view in device.views.values() for one in view.outbox]
        if owed or not device.is_settled:
            found.append(f"{device.name} still owes {owed}")
    return found


def check_mark(run: "Run", uri: str, conversation: bytes, seq: int) -> None:
    """A delivery mark: the device has everything up to there, or may not read what is missing.

    Raises Violation.
    """
    for device in run.devices:
        view = device.views.get(conversation) if device.uri == uri else None
        if view is not None and view.cursor < seq:
            log_length = max(seq, view.cursor)
            left = [one for one in _readable(run, uri, conversation, log_length) if one <= seq]
            if left and left[-1] > view.cursor:
                raise Violation(f"{device.name} is said to have {seq} and has {view.cursor}")


def check(run: "Run") -> None:
    """Raises Violation with everything that is wrong."""
    logs = _logs(run)
    problems = [
        *_shape(logs),
        *(one for device in run.devices for one in _promises(device, logs)),
        *(one for device in run.devices for one in _shown(run, device, logs)),
        *_said_once(logs),
        *(one for gateway in run.gateways if gateway.is_there for one in in_memory(gateway)),
    ]
    if problems:
        raise Violation("; ".join(problems))


def _logs(run: "Run") -> dict[bytes, Log]:
    logs: dict[bytes, Log] = defaultdict(dict)
    for conversation, seq, *rest in run.store.rows(
        "SELECT c.public_id, e.seq, e.epoch, e.kind, e.accepted_at_ms, d.uri, e.idempotency_id, "
        "e.message FROM envelope e JOIN conversation c ON c.id = e.conversation_id "
        "JOIN device d ON d.id = e.sender_id"
    ):
        logs[conversation][seq] = tuple(rest)  # type: ignore[assignment]
    return logs


def _shape(logs: dict[bytes, Log]) -> list[str]:
    """Gapless, each envelope in the epoch that it stands in, one Commit in an epoch."""
    problems = []
    for conversation, log in logs.items():
        where, epoch = conversation[:1].hex(), 0
        if sorted(log) != list(range(1, len(log) + 1)):
            problems.append(f"the log of {where} has a gap")
        for seq in sorted(log):
            if log[seq][0] != epoch:
                problems.append(f"seq {seq} of {where} is of epoch {log[seq][0]}, not {epoch}")
            epoch += log[seq][1] == f.COMMIT
    return problems


def _promises(device: "Device", logs: dict[bytes, Log]) -> list[str]:
    """What was acknowledged is at its place, with the time that was said."""
    problems = []
    for name, conversation, what, once, seq, at_ms in device.promises:
        there = logs[conversation].get(seq)
        if there is None or there[3] != device.uri or there[4] != once or there[2] != at_ms:
            problems.append(f"{what} of {name} was acknowledged as {seq} and is lost")
    return problems


def _shown(run: "Run", device: "Device", logs: dict[bytes, Log]) -> list[str]:
    """Each device was shown exactly its stays, in the log's order."""
    problems = []
    for conversation, view in device.views.items():
        where, log = f"{conversation[:1].hex()} on {device.name}", logs[conversation]
        seqs = [one[0] for one in view.shown]
        if len(set(seqs)) != len(seqs) or seqs != sorted(seqs):
            problems.append(f"something was shown twice, or not in order, in {where}: {seqs}")
        for seq, kind, sender, message in view.shown:
            there: Any = log.get(seq)
            if there is None or (there[1], there[3], there[5]) != (kind, sender, message):
                problems.append(f"seq {seq} was shown in {where} and is not in the log so")
        wanted = _readable(run, device.uri, conversation, len(log))
        if seqs != [seq for seq in wanted if seq > 1]:
            problems.append(f"{where} was shown {seqs}, its stays are {wanted}")
        beyond = device.received.get(conversation, set()) - set(wanted)
        if beyond:
            problems.append(f"{where} was given {sorted(beyond)} beyond its stays {wanted}")
        if conversation in device.refused_as_stranger and len(wanted) == len(log):
            problems.append(f"{where} was refused, and was a member all the time")
    return problems


def _readable(run: "Run", uri: str, conversation: bytes, head: int) -> list[int]:
    stays = run.store.rows(
        "SELECT s.first_seq, s.last_seq FROM stay s JOIN conversation c "
        "ON c.id = s.conversation_id JOIN device d ON d.id = s.device_id "
        "WHERE d.uri = ? AND c.public_id = ? ORDER BY s.first_seq",
        uri,
        conversation,
    )
    return [seq for first, last in stays for seq in range(first, (head if last < 0 else last) + 1)]


def _said_once(logs: dict[bytes, Log]) -> list[str]:
    """No text is in a log twice, and each device's texts are in the order of its sending."""
    problems = []
    for conversation, log in logs.items():
        texts = [text_of(log[seq][5]) for seq in sorted(log) if log[seq][1] == f.APPLICATION]
        problems += [
            f"{text} is in {conversation[:1].hex()} {count} times"
            for text, count in sorted(Counter(texts).items())
            if count > 1
        ]
    return problems


def in_memory(gateway: Gateway) -> list[str]:
    """What a gateway without devices still holds."""
    hub, edge, bus, delivery = gateway.hub, gateway.edge, gateway.bus, gateway.delivery
    appends = delivery._appends
    held = {
        "devices online": hub._online,
        "times of entering": hub._entered_ms,
        "devices that are unsure": hub._unsure,
        "devices that missed something": hub._missed | gateway.repairs._missed,
        "conversations being looked up": hub._looking,
        "look-ups": hub._tasks,
        "connections": [one for bucket in edge._wheel for one in bucket],
        "addresses": edge._addresses._taken,
        "openings": edge._openings._taken,
        "requests": edge._tasks,
        "appends": [one for lane in appends._lanes for one in (*lane.waiting, *lane.aside)],
        "appends that wait for their day": appends._undrawn,
        "appends that are judged": appends._judging,
        "slow readers": edge.unread._behind,
        "cursors": delivery._cursors._pending,
        "buckets": [] if bus is None else bus._listeners,
        "signals": [] if bus is None else [*bus._outgoing, *bus._sizes],
    }
    return [
        f"{gateway.process.name} holds {len(what)} {name} for nobody"
        for name, what in held.items()
        if len(what)
    ]
