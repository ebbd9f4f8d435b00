"""Sentences that differ in a business without tables: its guests have appointments.

Who comes alone is not told that they are one, but what is booked, and by whom if that was chosen.
"""

from plausch.domain.business import BusinessKind

_APPOINTMENTS: dict[str, tuple[str, str]] = {
    "option_book": ("Termin buchen", "Book an appointment"),
    "option_mine": ("Meine Termine", "My appointments"),
    "offer": ("Am {day} sind diese Zeiten frei:", "These times are free on {day}:"),
    "offer_part": (
        "Zu dieser Tageszeit ist am {day} nichts frei, aber:",
        "Nothing is free at that time of day on {day}, but:",
    ),
    "time_taken": (
        "Um {time} ist am {day} leider nichts frei. Möglich wäre:",
        "Sorry, nothing is free on {day} at {time}. Possible would be:",
    ),
    "hold_gone": (
        "Ich konnte die Zeit nicht länger frei halten, und sie ist inzwischen vergeben.",
        "I could not keep the time any longer, and it has been taken meanwhile.",
    ),
    "too_soon": (
        "Am {day} nehme ich hier keinen Termin mehr an.{call}",
        "I can take no more appointments here for {day}.{call}",
    ),
    "too_far": (
        "So weit im Voraus kann ich keine Termine vergeben, nur bis {last}.",
        "I cannot book that far ahead, only until {last}.",
    ),
    "full": ("Am {day} ist leider alles vergeben.", "Sorry, everything is taken on {day}."),
    "held": (
        "Ich halte {day}, {time}, {what}, bis {until} für Sie frei. Auf welchen Namen darf ich "
        "den Termin eintragen?",
        "I am keeping {day}, {time}, {what}, free for you until {until}. Under which name may I "
        "book it?",
    ),
    "held_sure": (
        "Ich halte {day}, {time}, {what}, auf den Namen {under} bis {until} für Sie frei. Soll ich "
        "den Termin fest eintragen?",
        "I am keeping {day}, {time}, {what}, free for you, {under}, until {until}. Shall I book "
        "it?",
    ),
    "sure_again": (
        "Soll ich den Termin fest eintragen? Schreiben Sie bitte „ja“ oder „nein“.",
        "Shall I book the appointment? Please write yes or no.",
    ),
    "name_again": (
        "Auf welchen Namen darf ich den Termin eintragen? Schreiben Sie bitte nur den Namen.",
        "Under which name may I book the appointment? Please write only the name.",
    ),
    "confirmed": (
        "Bestätigt: **{day}, {time}**, {what}, auf den Namen **{under}**. Wir freuen uns auf Sie! "
        "Wenn etwas dazwischenkommt, schreiben Sie „absagen“ (möglich bis {until}).",
        "Confirmed: **{day}, {time}**, {what}, under the name **{under}**. We look forward to "
        'seeing you! If something comes up, write "cancel" (possible until {until}).',
    ),
    "already_confirmed": (
        "Ihr Termin ist schon bestätigt.",
        "Your appointment is confirmed already.",
    ),
    "cancel_sure": (
        "Möchten Sie den Termin ({what}) wirklich absagen?",
        "Do you really want to cancel the appointment ({what})?",
    ),
    "cancel_which": (
        "Welchen Termin möchten Sie absagen?",
        "Which appointment would you like to cancel?",
    ),
    "option_cancel": ("Absagen: {what}", "Cancel: {what}"),
    "option_yes": ("Ja, absagen", "Yes, cancel"),
    "option_cancel_it": ("Absagen", "Cancel it"),
    "cancelled": (
        "Der Termin ({what}) ist abgesagt. Bis zum nächsten Mal!",
        "The appointment ({what}) is cancelled. Until next time!",
    ),
    "released": ("Gut, ich gebe die Zeit wieder frei.", "All right, I have released the time."),
    "change_which": (
        "Welchen Termin möchten Sie ändern?",
        "Which appointment would you like to change?",
    ),
    "change_what": (
        "Ihr Termin ist {what}. Was möchten Sie daran ändern?",
        "Your appointment is {what}. What would you like to change?",
    ),
    "change_sure": (
        "Das geht. Soll ich Ihren Termin ({what}) ändern auf {day}, {time}, {service}?",
        "That is possible. Shall I change your appointment ({what}) to {day}, {time}, {service}?",
    ),
    "change_stays": (
        "Ihr Termin bleibt, bis Sie eine andere Zeit gewählt haben.",
        "Your appointment stays until you have chosen another time.",
    ),
    "changed": (
        "Den bisherigen Termin ({what}) habe ich dafür aufgehoben.",
        "I have given up the appointment as it was ({what}).",
    ),
    "change_late": (
        "Der Termin ({what}) lässt sich hier nicht mehr ändern.{call}",
        "The appointment ({what}) can no longer be changed here.{call}",
    ),
    "kept": ("Gut, der Termin bleibt bestehen.", "All right, the appointment stays."),
    "cancel_late": (
        "Der Termin ({what}) lässt sich hier nicht mehr absagen.{call}",
        "The appointment ({what}) can no longer be cancelled here.{call}",
    ),
    "no_bookings": ("Ich habe keinen Termin von Ihnen.", "I have no appointment of yours."),
    "mine": ("Ihre Termine:", "Your appointments:"),
    "booking": ("am {day}, {time}: {service}", "on {day}, {time}: {service}"),
    "too_many": (
        "Sie haben schon {count} Termine; mehr nehme ich hier nicht an.{call}",
        "You have {count} appointments already; I cannot take more here.{call}",
    ),
    "human": (
        "Ich bin der automatische Empfang und kann Termine vergeben und absagen.{call}",
        "I am the automatic reception and can make and cancel appointments.{call}",
    ),
    "beyond": (
        "Fragen und Wünsche dieser Art kann ich leider weder beantworten noch ausrichten; ich "
        "vergebe nur Termine.{call}",
        "I can neither answer nor pass on questions and wishes of that kind; I only make "
        "appointments.{call}",
    ),
    "give_up": (
        "Ich verstehe Sie leider nicht.{call} Schreiben Sie „Termin“, wenn Sie einen möchten.",
        'Sorry, I do not understand.{call} Write "appointment" if you would like one.',
    ),
    "waiting_ask": (
        "Soll ich Sie für {day} auf die Warteliste setzen? Wird etwas frei, schreibe ich Ihnen "
        "sofort.",
        "Shall I put you on the waiting list for {day}? When something becomes free, I write to "
        "you at once.",
    ),
    "waiting_added": (
        "Sie stehen auf der Warteliste: {day}. Wird etwas frei, schreibe ich Ihnen sofort, und Sie "
        "nehmen es mit einem Tippen an.",
        "You are on the waiting list: {day}. When something becomes free, I write to you at once, "
        "and you take it with one tap.",
    ),
    "reminder": (
        "Zur Erinnerung: Ihr Termin {what}. Kommen Sie?",
        "A reminder of your appointment {what}. Are you coming?",
    ),
    "option_coming": ("Ja, ich komme", "Yes, I am coming"),
    "coming_gone": ("Dieser Termin steht nicht mehr.", "That appointment no longer stands."),
    "still_wanted": (
        "Entschuldigung, ich war eine Weile nicht da und lese Ihre Nachricht von {asked} erst "
        "jetzt. {wanted}: das ist frei. Möchten Sie es noch?",
        "Sorry, I was away for a while and read your message of {asked} only now. {wanted}: that "
        "is free. Would you still like it?",
    ),
    "staff_moved": (
        "Ihr Termin ist geändert: jetzt {what} (bisher {was}). Passt das nicht, schreiben Sie "
        "mir.{call}",
        "Your appointment has been changed: now {what} (before: {was}). If that does not suit "
        "you, write to me.{call}",
    ),
    "staff_confirmed": (
        "Ihr Termin ({what}) ist bestätigt. Wir freuen uns auf Sie!",
        "Your appointment ({what}) is confirmed. We look forward to seeing you!",
    ),
    "staff_cancelled": (
        "Wir müssen Ihren Termin ({what}) leider absagen.{call}",
        "Sorry, we have to cancel your appointment ({what}).{call}",
    ),
}
_GREETING = (
    "Hallo, hier ist **{name}**. Ich vergebe Termine, zu jeder Zeit. Was darf es sein?",
    "Hello, this is **{name}**. I make appointments at any hour. What can I do for you?",
)
_GREETING_OF_A_SHOP = (
    "Hallo, hier ist **{name}**. Ich vergebe Zeiten für Beratung und Abholung, zu jeder Stunde. "
    "Was darf es sein?",
    "Hello, this is **{name}**. I give out times for advice and collection at any hour. What can "
    "I do for you?",
)

KIND_TEXTS: dict[BusinessKind, dict[str, tuple[str, str]]] = {
    BusinessKind.RESTAURANT: {},
    BusinessKind.HAIRDRESSER: {**_APPOINTMENTS, "greeting": _GREETING},
    BusinessKind.SHOP: {**_APPOINTMENTS, "greeting": _GREETING_OF_A_SHOP},
}
"""What a kind of business says in other words than a restaurant, German first."""
