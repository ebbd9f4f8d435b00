"""The talk about opening hours: the week, what differs from it soon, or one date."""

from datetime import date, timedelta

from plausch.agent.turn import Turn

_EXCEPTION_DAYS = 30


def tell_hours(turn: Turn, day: date | None = None) -> None:
    """The week and the exceptions to come, or one date."""
    calendar, phrases = turn.desk.business.calendar, turn.phrases
    if day is not None:
        opening = calendar.opening_day(day)
        if opening.spans:
            spans = phrases.spans(opening.spans)
            turn.reply(phrases.say("hours_on", day=phrases.on(day), spans=spans))
        else:
            turn.reply(phrases.closed(opening))
        turn.expect(turn.talk.expecting, turn.talk.options)
        return
    lines = [phrases.say("hours"), ""]
    lines += [
        f"- {phrases.weekday(number)}: {phrases.spans(spans)}"
        for number, spans in enumerate(calendar.weekly)
    ]
    exceptions = _exceptions(turn)
    if exceptions:
        lines += ["", phrases.say("exceptions"), "", *exceptions]
    turn.reply("\n".join(lines))
    turn.expect(turn.talk.expecting, turn.talk.options)


def _exceptions(turn: Turn) -> list[str]:
    """Dates of the coming weeks that differ from their weekday's hours."""
    calendar, phrases = turn.desk.business.calendar, turn.phrases
    lines = []
    for offset in range(_EXCEPTION_DAYS + 1):
        day = turn.today + timedelta(days=offset)
        opening = calendar.opening_day(day)
        if opening.spans == calendar.weekly[day.weekday()]:
            continue
        note = opening.note
        if not note and opening.holiday is not None:
            note = opening.holiday.in_language(phrases.language)
        lines.append(
            f"- {phrases.day(day)}{f' ({note})' if note else ''}: {phrases.spans(opening.spans)}"
        )
    return lines
