"""What the receptionist says, in German and English, and how dates and times are written."""

from datetime import date, datetime

from plausch.agent.kind_phrases import KIND_TEXTS
from plausch.domain.business import BusinessKind
from plausch.domain.calendar import Calendar, Closed, OpeningDay, Span
from plausch.domain.slots import Slot

TEXTS: dict[str, tuple[str, str]] = {
    "greeting": (
        "Hallo, hier ist **{name}**. Ich nehme Reservierungen entgegen, zu jeder Zeit. "
        "Was darf es sein?",
        "Hello, this is **{name}**. I take reservations at any hour. What can I do for you?",
    ),
    "mishap": (
        "Entschuldigung, hier ist bei uns etwas schiefgegangen; an Ihrer Nachricht liegt es nicht. "
        "Jemand aus unserem Haus liest sie und antwortet Ihnen.{call}",
        "Sorry, something went wrong on our side; it is not because of your message. Somebody of "
        "our house will read it and answer you.{call}",
    ),
    "mishap_message": (
        "Die Assistenz konnte eine Nachricht in dieser Unterhaltung nicht beantworten ({at}). Es "
        "ist ihr Fehler, nicht der des Gastes: Bitte antworten Sie von Hand.",
        "The assistant could not answer a message in this conversation ({at}). It is its own "
        "fault, not the guest's: please answer by hand.",
    ),
    "mishap_notice": (
        "Die Assistenz konnte dem Gast hier nicht schreiben, was fällig war, etwa eine Erinnerung "
        "({at}). Es ist ihr Fehler: Bitte sehen Sie im Plan nach und schreiben Sie von Hand.",
        "The assistant could not write to the guest here what was due, such as a reminder ({at}). "
        "It is its own fault: please look at the plan and write by hand.",
    ),
    "mishap_reply": (
        "Eine Antwort der Assistenz ist nicht hinausgegangen ({at}). Es ist ihr Fehler: Bitte "
        "antworten Sie von Hand.",
        "An answer of the assistant did not go out ({at}). It is its own fault: please answer by "
        "hand.",
    ),
    "mishap_hold": (
        "Die Assistenz konnte nicht freigeben, was sie diesem Gast frei hält und was nicht "
        "bestätigt wurde ({at}). Es ist ihr Fehler: Bitte stornieren Sie es im Plan von Hand.",
        "The assistant could not free what it keeps for this guest and what was not confirmed "
        "({at}). It is its own fault: please cancel it in the plan by hand.",
    ),
    "mishap_person": (
        "Der Gast möchte mit einem Menschen sprechen ({at}): Bitte antworten Sie.",
        "The guest would like to speak to a person ({at}): please answer.",
    ),
    "by_person": ("Mensch gewünscht", "Wants a person"),
    "by_hand": ("Von Hand antworten", "Answer by hand"),
    "option_book": ("Tisch reservieren", "Reserve a table"),
    "option_hours": ("Öffnungszeiten", "Opening hours"),
    "option_mine": ("Meine Reservierungen", "My reservations"),
    "option_cancel": ("Stornieren: {what}", "Cancel: {what}"),
    "option_yes": ("Ja, stornieren", "Yes, cancel"),
    "option_keep": ("Nein, behalten", "No, keep it"),
    "hint_number": (
        "Antworten Sie mit der Nummer, oder schreiben Sie einfach, was Sie möchten.",
        "Answer with the number, or simply write what you would like.",
    ),
    "hint_time": (
        "Antworten Sie mit der Nummer, einer Uhrzeit oder einem anderen Tag.",
        "Answer with the number, a time, or another day.",
    ),
    "ask_service": ("Was darf ich für Sie eintragen?", "What may I book for you?"),
    "ask_person": ("Bei wem möchten Sie den Termin?", "With whom would you like it?"),
    "service_by": ("{service} bei {person}", "{service} with {person}"),
    "option_anybody": ("Egal, wer zuerst frei ist", "Anyone who is free first"),
    "not_by": (
        "{person} macht das bei uns nicht. Bei wem möchten Sie den Termin?",
        "{person} does not do that here. With whom would you like it?",
    ),
    "one_each": (
        "Ich trage je Termin eine Person ein; für die nächste schreiben Sie mir danach noch "
        "einmal.",
        "I book one person for each appointment; for the next one please write to me again "
        "afterwards.",
    ),
    "ask_party": (
        "Gern. Für wie viele Personen darf ich reservieren?",
        "Gladly. For how many people?",
    ),
    "how_many": (
        "Für wie viele Personen darf ich reservieren?",
        "For how many people may I reserve?",
    ),
    "ask_day": (
        "An welchem Tag möchten Sie kommen? Wählen Sie, oder schreiben Sie ein Datum wie "
        "„morgen“ oder „24.12.“.",
        'On which day would you like to come? Choose, or write a date such as "tomorrow" or '
        '"24 December".',
    ),
    "bad_day": (
        "Dieses Datum gibt es nicht. An welchem Tag möchten Sie kommen?",
        "That date does not exist. On which day would you like to come?",
    ),
    "offer": (
        "Am {day} sind für {party} diese Zeiten frei:",
        "These times are free for {party} on {day}:",
    ),
    "offer_part": (
        "Zu dieser Tageszeit ist am {day} für {party} nichts frei, aber:",
        "Nothing is free for {party} at that time of day on {day}, but:",
    ),
    "time_taken": (
        "Um {time} ist am {day} für {party} leider nichts frei. Möglich wäre:",
        "Sorry, nothing is free for {party} on {day} at {time}. Possible would be:",
    ),
    "just_taken": (
        "Diese Zeit ist leider gerade vergeben worden.",
        "Sorry, that time has just been taken.",
    ),
    "hold_gone": (
        "Ich konnte den Tisch nicht länger frei halten, und er ist inzwischen vergeben.",
        "I could not keep the table any longer, and it has been taken meanwhile.",
    ),
    "closed_weekly": ("Am {day} haben wir Ruhetag.", "We are closed on {day}."),
    "closed_holiday": (
        "Am {day} haben wir geschlossen ({note}).",
        "We are closed on {day} ({note}).",
    ),
    "closed_special": ("Am {day} haben wir geschlossen.", "We are closed on {day}."),
    "past": ("Am {day}? Das ist schon vorbei.", "{day} is already over."),
    "too_soon": (
        "Am {day} nehme ich hier keine Reservierung mehr an.{call}",
        "I can take no more reservations here for {day}.{call}",
    ),
    "too_far": (
        "So weit im Voraus kann ich nicht reservieren, nur bis {last}.",
        "I cannot reserve that far ahead, only until {last}.",
    ),
    "full": (
        "Am {day} ist für {party} leider alles vergeben.",
        "Sorry, everything is taken for {party} on {day}.",
    ),
    "too_large": (
        "Für {party} habe ich keinen Tisch; es gehen 1 bis {most}.{call} "
        "Für wie viele Personen darf ich reservieren?",
        "I have no table for {party}; 1 to {most} are possible.{call} "
        "For how many people may I reserve?",
    ),
    "alternatives": ("Möglich wäre:", "Possible would be:"),
    "held": (
        "Ich halte {day}, {time}, für {party} bis {until} für Sie frei. "
        "Auf welchen Namen darf ich reservieren?",
        "I am keeping {day}, {time}, for {party} free for you until {until}. "
        "Under which name may I reserve?",
    ),
    "held_sure": (
        "Ich halte {day}, {time}, für {party} auf den Namen {under} bis {until} für Sie frei. "
        "Soll ich fest reservieren?",
        "I am keeping {day}, {time}, for {party} free for you, {under}, until {until}. Shall I "
        "make the reservation?",
    ),
    "sure_again": (
        "Soll ich fest reservieren? Schreiben Sie bitte „ja“ oder „nein“.",
        "Shall I make the reservation? Please write yes or no.",
    ),
    "name_again": (
        "Auf welchen Namen darf ich reservieren? Schreiben Sie bitte nur den Namen.",
        "Under which name may I reserve? Please write only the name.",
    ),
    "confirmed": (
        "Bestätigt: **{day}, {time}**, {party}, auf den Namen **{under}**. Wir freuen uns auf "
        "Sie! Wenn etwas dazwischenkommt, schreiben Sie „stornieren“ (möglich bis {until}).",
        "Confirmed: **{day}, {time}**, {party}, under the name **{under}**. We look forward to "
        'seeing you! If something comes up, write "cancel" (possible until {until}).',
    ),
    "already_confirmed": (
        "Ihre Reservierung ist schon bestätigt.",
        "Your reservation is confirmed already.",
    ),
    "asked": (
        "Danke, Ihre Anfrage ({what}) ist notiert. Wir sehen nach und melden uns hier; so lange "
        "halten wir die Zeit für Sie frei.",
        "Thank you, your request ({what}) is noted. We will look into it and write to you here; "
        "until then we keep the time free for you.",
    ),
    "already_asked": (
        "Ihre Anfrage ist schon notiert; wir melden uns hier.",
        "Your request is noted already; we will write to you here.",
    ),
    "cancel_sure": (
        "Möchten Sie die Reservierung ({what}) wirklich stornieren?",
        "Do you really want to cancel the reservation ({what})?",
    ),
    "cancel_which": (
        "Welche Reservierung möchten Sie stornieren?",
        "Which reservation would you like to cancel?",
    ),
    "cancelled": (
        "Die Reservierung ({what}) ist storniert. Bis zum nächsten Mal!",
        "The reservation ({what}) is cancelled. Until next time!",
    ),
    "released": ("Gut, ich gebe den Tisch wieder frei.", "All right, I have released the table."),
    "option_change": ("Ändern: {what}", "Change: {what}"),
    "option_change_it": ("Ja, ändern", "Yes, change it"),
    "option_cancel_it": ("Stornieren", "Cancel it"),
    "option_time": ("Andere Uhrzeit", "Another time"),
    "option_day": ("Anderer Tag", "Another day"),
    "option_party": ("Andere Personenzahl", "Another number of people"),
    "change_which": (
        "Welche Reservierung möchten Sie ändern?",
        "Which reservation would you like to change?",
    ),
    "change_what": (
        "Ihre Reservierung ist {what}. Was möchten Sie daran ändern?",
        "Your reservation is {what}. What would you like to change?",
    ),
    "change_sure": (
        "Das geht. Soll ich Ihre Reservierung ({what}) ändern auf {day}, {time}, {party}?",
        "That is possible. Shall I change your reservation ({what}) to {day}, {time}, {party}?",
    ),
    "change_stays": (
        "Ihre Reservierung bleibt, bis Sie eine andere Zeit gewählt haben.",
        "Your reservation stays until you have chosen another time.",
    ),
    "changed": (
        "Die bisherige Reservierung ({what}) habe ich dafür aufgehoben.",
        "I have given up the reservation as it was ({what}).",
    ),
    "change_late": (
        "Die Reservierung ({what}) lässt sich hier nicht mehr ändern.{call}",
        "The reservation ({what}) can no longer be changed here.{call}",
    ),
    "kept": ("Gut, die Reservierung bleibt bestehen.", "All right, the reservation stays."),
    "cancel_late": (
        "Die Reservierung ({what}) lässt sich hier nicht mehr stornieren.{call}",
        "The reservation ({what}) can no longer be cancelled here.{call}",
    ),
    "no_bookings": (
        "Ich habe keine Reservierung von Ihnen.",
        "I have no reservation of yours.",
    ),
    "mine": ("Ihre Reservierungen:", "Your reservations:"),
    "booking": ("am {day}, {time}, {party}", "on {day}, {time}, {party}"),
    "too_many": (
        "Sie haben schon {count} Reservierungen; mehr nehme ich hier nicht an.{call}",
        "You have {count} reservations already; I cannot take more here.{call}",
    ),
    "hours": ("Unsere Öffnungszeiten:", "Our opening hours:"),
    "hours_on": ("Am {day} haben wir geöffnet: {spans}.", "On {day} we are open: {spans}."),
    "exceptions": ("In den nächsten Wochen außerdem:", "In the coming weeks also:"),
    "closed": ("geschlossen", "closed"),
    "opens": ("{day}, um {time}", "{day}, at {time}"),
    "call": (
        " Bitte rufen Sie uns an: {telephone}.",
        " Please telephone us: {telephone}.",
    ),
    "human": (
        "Ich bin der automatische Empfang und kann Tische reservieren und stornieren.{call}",
        "I am the automatic reception and can reserve and cancel tables.{call}",
    ),
    "house_told": (
        "Ich habe dem Haus ausgerichtet, dass Sie mit einem Menschen sprechen möchten; es "
        "antwortet Ihnen hier.",
        "I have told the house that you would like to speak to a person; it will answer you here.",
    ),
    "thanks": ("Sehr gern!", "You are very welcome!"),
    "beyond": (
        "Fragen und Wünsche dieser Art kann ich leider weder beantworten noch ausrichten; ich "
        "reserviere nur Tische.{call}",
        "I can neither answer nor pass on questions and wishes of that kind; I only reserve "
        "tables.{call}",
    ),
    "sorry": (
        "Das habe ich leider nicht verstanden.",
        "Sorry, I did not understand that.",
    ),
    "what_to_do": ("Was möchten Sie tun?", "What would you like to do?"),
    "give_up": (
        "Ich verstehe Sie leider nicht.{call} Schreiben Sie „Tisch“, wenn Sie reservieren möchten.",
        'Sorry, I do not understand.{call} Write "table" if you would like to reserve.',
    ),
    "bad_number": (
        "Bitte wählen Sie eine Nummer von 1 bis {most}.",
        "Please choose a number from 1 to {most}.",
    ),
    "which_one": ("Welche Zeit darf es sein?", "Which time would you like?"),
    "slow_down": (
        "Einen Moment bitte, das geht mir zu schnell. Schreiben Sie gern in einer Minute wieder.",
        "One moment please, this is too fast for me. Do write again in a minute.",
    ),
    "staff_moved": (
        "Ihre Reservierung ist geändert: jetzt {what} (bisher {was}). Passt das nicht, schreiben "
        "Sie mir.{call}",
        "Your reservation has been changed: now {what} (before: {was}). If that does not suit "
        "you, write to me.{call}",
    ),
    "staff_confirmed": (
        "Ihre Reservierung ({what}) ist bestätigt. Wir freuen uns auf Sie!",
        "Your reservation ({what}) is confirmed. We look forward to seeing you!",
    ),
    "staff_declined": (
        "Ihre Anfrage ({what}) können wir leider nicht annehmen.{call}",
        "Sorry, we cannot accept your request ({what}).{call}",
    ),
    "staff_cancelled": (
        "Wir müssen Ihre Reservierung ({what}) leider absagen.{call}",
        "Sorry, we have to cancel your reservation ({what}).{call}",
    ),
    "erased_cancelled": (
        "Wir löschen, was wir über Sie gespeichert haben. Damit ist auch abgesagt: {what}.{call}",
        "We are deleting what we keep about you. With it this is cancelled: {what}.{call}",
    ),
    "staff_countered": (
        "Zu Ihrer Anfrage ({asked}) können wir Ihnen stattdessen anbieten: **{offered}**. "
        "Wir halten das bis {until} für Sie frei.",
        "In place of your request ({asked}) we can offer you: **{offered}**. "
        "We keep it free for you until {until}.",
    ),
    "waiting_offer": (
        "Gute Nachricht von der Warteliste: **{what}** ist frei geworden. Möchten Sie? Ich halte "
        "es bis {until} für Sie frei.",
        "Good news from the waiting list: **{what}** has become free. Would you like it? I keep "
        "it free for you until {until}.",
    ),
    "waiting_lapsed": (
        "Ihr Platz von der Warteliste ({day}) ist an die Nächsten gegangen, weil ich nichts von "
        "Ihnen gehört habe.",
        "Your place from the waiting list ({day}) has gone to the next in line, because I heard "
        "nothing from you.",
    ),
    "waiting_ask": (
        "Soll ich Sie für {day}, {party}, auf die Warteliste setzen? Wird etwas frei, schreibe "
        "ich Ihnen sofort.",
        "Shall I put you on the waiting list for {day}, {party}? When something becomes free, I "
        "write to you at once.",
    ),
    "option_wait": ("Auf die Warteliste", "Join the waiting list"),
    "waiting_name": (
        "Auf welchen Namen darf ich Sie auf die Warteliste setzen?",
        "Under which name may I put you on the waiting list?",
    ),
    "waiting_added": (
        "Sie stehen auf der Warteliste: {day}, {party}. Wird etwas frei, schreibe ich Ihnen "
        "sofort, und Sie nehmen es mit einem Tippen an.",
        "You are on the waiting list: {day}, {party}. When something becomes free, I write to "
        "you at once, and you take it with one tap.",
    ),
    "waiting_refused": (
        "Dafür kann ich Sie leider nicht auf die Warteliste setzen.{call}",
        "Sorry, I cannot put you on the waiting list for that.{call}",
    ),
    "option_unwait": ("Von der Warteliste streichen: {day}", "Leave the waiting list: {day}"),
    "waiting_removed": (
        "Sie stehen nicht mehr auf der Warteliste.",
        "You are no longer on the waiting list.",
    ),
    "still_wanted": (
        "Entschuldigung, ich war eine Weile nicht da und lese Ihre Nachricht von {asked} erst "
        "jetzt. {wanted}, {party}: das ist frei. Möchten Sie es noch?",
        "Sorry, I was away for a while and read your message of {asked} only now. {wanted}, "
        "{party}: that is free. Would you still like it?",
    ),
    "option_still": ("Ja, bitte", "Yes, please"),
    "dropped": ("Gut, dann nicht.", "All right, then not."),
    "reminder": (
        "Zur Erinnerung: Ihre Reservierung {what}. Kommen Sie?",
        "A reminder of your reservation {what}. Are you coming?",
    ),
    "option_coming": ("Ja, wir kommen", "Yes, we are coming"),
    "coming": ("Schön, bis dann!", "Lovely, see you then!"),
    "coming_gone": (
        "Diese Reservierung steht nicht mehr.",
        "That reservation no longer stands.",
    ),
    "unanswered": (
        "Auf Ihre Anfrage ({what}) konnten wir leider nicht rechtzeitig antworten.{call}",
        "Sorry, we could not answer your request ({what}) in time.{call}",
    ),
    "option_take": ("Ja, annehmen", "Yes, I take it"),
    "option_no": ("Nein, danke", "No, thanks"),
    "person": ("{count} Person", "{count} person"),
    "people": ("{count} Personen", "{count} people"),
}
"""Every sentence, German first. The two have the same placeholders."""

_WEEKDAYS = (
    ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
)
_MONTHS = (
    (
        "Januar", "Februar", "März", "April", "Mai", "Juni",
        "Juli", "August", "September", "Oktober", "November", "Dezember",
    ),
    (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
)  # fmt: skip


class Phrases:
    """The words of one language for one kind of business; `today` decides about a date's year."""

    def __init__(
        self, language: str, today: date, kind: BusinessKind = BusinessKind.RESTAURANT
    ) -> None:
        self.language = language
        self._texts = KIND_TEXTS[kind]
        self._place = 0 if language == "de" else 1
        self._today = today

    def say(self, key: str, **values: object) -> str:
        """A sentence with its places filled in."""
        texts = self._texts.get(key) or TEXTS[key]
        return texts[self._place].format(**values)

    def day(self, day: date) -> str:
        """`Freitag, 27. November` or `Friday, 27 November`, with the year unless it is this one."""
        weekday = _WEEKDAYS[self._place][day.weekday()]
        month = _MONTHS[self._place][day.month - 1]
        dot = "." if self._place == 0 else ""
        year = f" {day.year}" if day.year != self._today.year else ""
        return f"{weekday}, {day.day}{dot} {month}{year}"

    def on(self, day: date) -> str:
        """As `day`, to stand after "am" or "on": `Freitag, den 27. November`."""
        written = self.day(day)
        return written.replace(", ", ", den ", 1) if self._place == 0 else written

    def weekday(self, number: int) -> str:
        """The name of a weekday, 0 for Monday."""
        return _WEEKDAYS[self._place][number]

    def clock(self, minute: int) -> str:
        """`19:30 Uhr` or `7:30 pm`, from minutes since midnight (also beyond a day)."""
        hour, rest = divmod(minute % 1440, 60)
        if self._place == 0:
            return f"{hour}:{rest:02d} Uhr"
        half = "am" if hour < 12 else "pm"
        return f"{(hour - 1) % 12 + 1}:{rest:02d} {half}"

    def time(self, at: datetime) -> str:
        """The time of day of a local time."""
        return self.clock(at.hour * 60 + at.minute)

    def moment(self, at: datetime) -> str:
        """A date and a time of day."""
        return f"{self.day(at.date())}, {self.time(at)}"

    def call(self, telephone: str) -> str:
        """The invitation to telephone, empty if there is no number."""
        return self.say("call", telephone=telephone) if telephone else ""

    def party(self, count: int) -> str:
        """`1 Person`, `4 people`."""
        return self.say("person" if count == 1 else "people", count=count)

    def slot(self, slot: Slot, calendar: Calendar, *, with_day: bool) -> str:
        """A free time, with its date if the others are on another."""
        local = calendar.local(slot.starts_at_s)
        time = self.time(local)
        return f"{self.day(local.date())}, {time}" if with_day else time

    def spans(self, spans: tuple[Span, ...]) -> str:
        """`11:30–14:30 Uhr, 17:30–23:00 Uhr`, or the word for closed."""
        if not spans:
            return self.say("closed")
        return ", ".join(
            f"{self._bare(span.opens_minute)}–{self.clock(span.closes_minute)}" for span in spans
        )

    def _bare(self, minute: int) -> str:
        clock = self.clock(minute)
        return clock.removesuffix(" Uhr")

    def closed(self, opening: OpeningDay) -> str:
        """Why there is nothing on a date that is closed."""
        day = self.on(opening.date)
        note = opening.note
        if opening.closed is Closed.HOLIDAY and opening.holiday is not None:
            note = opening.holiday.in_language(self.language)
        if note:
            return self.say("closed_holiday", day=day, note=note)
        weekly = opening.closed is Closed.WEEKLY
        return self.say("closed_weekly" if weekly else "closed_special", day=day)
