"""Reports: messages that somebody discloses to the operator (spec/franking.md).

The server believes none that is not genuine: that this device handed in exactly this content, in
this conversation, at this time, it finds out itself, without understanding the content. What comes
of a report is the operator's decision; the reported account is told nothing.
"""

from plausch.base.clock import Clock
from plausch.base.ids import DeviceAddress, NameRefused
from plausch.db.interface import Database, Transaction
from plausch.server.errors import Refusal, unlisted
from plausch.server.franking import Franking
from plausch.server.hourly import Hourly
from plausch.server.limits import Limits
from plausch.server.records import DeviceRecord
from plausch.server.store import account, device, report, stay
from plausch.server.store.allowance import Kind
from plausch.server.store.report import Disclosed, NewReport
from plausch.wire import frames as f
from plausch.wire.reports import REASONS


class Reports:
    """Takes the reports of one server's accounts."""

    def __init__(
        self, database: Database, clock: Clock, limits: Limits, franking: Franking
    ) -> None:
        self._database, self._clock, self._limits = database, clock, limits
        self._franking = franking
        self._asked = Hourly(
            database,
            clock,
            Kind.REPORTS,
            limits.reports_per_hour,
            "This account has reported too often: try again later.",
        )

    async def take(self, reporter: DeviceRecord, request: f.Report) -> None:
        """Keep a report; the same one a second time is taken again.

        Raises Refusal `bad_report`, `not_genuine`, `unknown_account`, `unknown_conversation`,
        `too_many_reports`, `rate_limited`, `unknown_device`; StorageUnavailable.
        """
        await self._asked.count(reporter.account_key)
        self._check(request)

        async def body(tx: Transaction) -> None:
            if not await device.hold(tx, reporter.key):
                raise unlisted()
            await self._write(tx, reporter, request)

        await self._database.transact(body, repeatable=True)

    async def close(self) -> None:
        """Give back what is not used of anybody's hour."""
        await self._asked.close()

    def _check(self, request: f.Report) -> None:
        """What is wrong with the report by itself."""
        if request.reason not in REASONS:
            raise Refusal("bad_report", f"The reason of a report is one of {', '.join(REASONS)}.")
        if "\0" in request.note:
            raise Refusal("bad_report", "The note of a report is a text without zeros.")
        if not request.messages:
            raise Refusal("bad_report", "A report discloses at least one message.")
        for place, one in enumerate(request.messages, 1):
            if _account_of(one.sender) != request.name:
                raise Refusal("bad_report", f"Message {place} is not of {request.name}.")
            if not self._franking.is_genuine(one):
                raise Refusal(
                    "not_genuine",
                    f"Message {place} is not what was sent: its content, sender, conversation or "
                    "time is another one than the server stamped.",
                )

    async def _write(self, tx: Transaction, reporter: DeviceRecord, request: f.Report) -> None:
        await account.lock(tx, reporter.account_key)  # so that reports of one account are counted
        reported = await account.by_name(tx, request.name)
        if reported is None:
            raise Refusal("unknown_account", f"There is no account {request.name} here.")
        for conversation in {one.conversation for one in request.messages}:
            if not await stay.took_part(tx, conversation, reporter.account_key):
                raise Refusal(
                    "unknown_conversation",
                    "A message is of a conversation in which this account never took part.",
                )
        waiting = await report.count_open(tx, reporter.account_key)
        kept = NewReport(
            reporter.account_key,
            request.idempotency_id,
            reported.key,
            request.reason,
            request.note,
            self._clock.now_ms(),
        )
        fresh = await report.add(
            tx,
            kept,
            [
                Disclosed(one.conversation, one.sender, one.accepted_at_ms, one.content)
                for one in request.messages
            ],
        )
        if fresh and waiting >= self._limits.open_reports_per_account:
            raise Refusal(
                "too_many_reports",
                f"{waiting} reports of this account wait for the operator, which is the most.",
            )


def _account_of(sender: str) -> str | None:
    """The account's name in a device URI; None if it is none."""
    try:
        return DeviceAddress.parse_uri(sender).account.name
    except NameRefused:
        return None
