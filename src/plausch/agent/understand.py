"""What a guest's free text says, German or English; never fails, whatever the text is."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from plausch.agent.hear_day import HeardDay, hear_day
from plausch.agent.hear_party import hear_party
from plausch.agent.hear_time import hear_bare_time, hear_part, hear_time
from plausch.agent.remnant import NUMBER, Remnant, normalised, number_of
from plausch.agent.talk import DayPart, HeardTime
from plausch.domain.booking import MAX_NAME_CHARACTERS


class Intent(StrEnum):
    """What the guest wants, beside the details of a booking."""

    BOOK = "book"
    CANCEL = "cancel"
    HOURS = "hours"
    MINE = "mine"
    HUMAN = "human"
    OTHER = "other"
    CHANGE = "change"
    BEYOND = "beyond"
    YES = "yes"
    NO = "no"
    THANKS = "thanks"
    GREET = "greet"


@dataclass(frozen=True, slots=True)
class Understood:
    """What was understood of a text; everything may be missing.

    `number` is set when the text is nothing but a number or an ordinal ("2", "die zweite").
    `switch_to` is a language that the guest asks for by name, `language` the one it is written
    in. `plain_words` counts the words of the whole text.
    """

    intents: frozenset[Intent] = frozenset()
    party: int | None = None
    day: HeardDay | None = None
    time: HeardTime | None = None
    part: DayPart | None = None
    number: int | None = None
    name: str = ""
    language: str = ""
    switch_to: str = ""
    plain_words: int = 0

    @property
    def has_details(self) -> bool:
        """Whether it says anything about party, date or time."""
        return any((self.party, self.day, self.time, self.part))


_INTENTS = {
    Intent.CANCEL: r"\bstorn|\babsag|\babzusagen|\babbestell|\babbrech|\bcancel|\bcall off\b|"
    r"\bcall it off\b|\bnicht (?:mehr )?kommen\b|\bcan(?:'t|not) (?:make it|come)\b|"
    r"\bdelete my\b|\blösch",
    Intent.HOURS: r"öffnungszeit|oeffnungszeit|\bgeöffnet\b|\boffen\b|\bgeschlossen\b|\bruhetag|"
    r"\bwann (?:habt|haben|hat|macht|machen)\b|\bopening (?:hours|times)\b|\bbusiness hours\b|"
    r"\bopen\b|\bclosed\b|\bhours\b|\bauf(?:habt|haben)\b",
    Intent.MINE: r"\bmeine? (?:reservierung|buchung|tisch)|\bmy (?:booking|reservation|table)|"
    r"\bwann habe ich\b|\bwhen is my\b|\bunsere? (?:reservierung|buchung|tisch)|"
    r"\bour (?:booking|reservation|table)|\bwann war\b|\b(?:when|what time) was (?:it|that|my)\b|"
    r"\b(?:ich|wir) hab(?:en?)? (?:\w+ ){0,3}(?:reservierung|reserviert|gebucht)|"
    r"\b(?:i|we) have a (?:booking|reservation)|"
    r"\b(?:i've|we've|i have|we have) (?:reserved|booked)",
    Intent.BOOK: r"reserv|\btisch|\btable\b|\bbook|\bbuch(?:en|e|ung)|\bplatz\b|\bplätze\b|"
    r"\bessen (?:kommen|gehen)\b|\bfree\b|\bfrei\b|\bavailab|\bverfügbar",
    Intent.HUMAN: r"\bmensch|\bmitarbeiter|\bhuman\b|\breal person\b|\bstaff\b|\bchef|\bsprechen\b|"
    r"\banrufen\b|\btelefon|\bphone\b|\bspeak to\b|\btalk to\b|\bhilfe\b|\bhelp\b|"
    r"\b(?:ro)?bot\b|\broboter\b|\bcomputer\b|\bki\b",
    Intent.OTHER: r"\bander(?:e|er|es|en|em)\b|\bother\b|\banother\b|\bdifferent\b|"
    r"(?<!bis )\bspäter\b|\bfrüher\b|(?<!you )\blater\b|\bearlier\b|\bändern\b|\bchange\b|\bmove\b|"
    r"\bverschieben\b",
    Intent.CHANGE: r"\bänder|\baender|\bverschieb|\bumbuch|\bverleg|\bumzubuchen|\bstatt|\bdoch\b|"
    r"(?<!bis )\bspäter\b|\bfrüher\b|\bchang|\bmove\b|\breschedul|\bpostpone|\binstead\b|"
    r"\bmake it\b|\bactually\b|(?<!you )\blater\b|\bearlier\b",
    Intent.BEYOND: r"allergi|unverträg|intoleran|gluten|la[ck]tos|\bvegan|\bveget|\bhalal|"
    r"\bk?oscher|\bkosher|\bnuss|\bnuts?\b|\bhunde?\b|\bdogs?\b|\bpets?\b|haustier|hochst[uü]hl|"
    r"kinderst[uü]hl|kindersitz|kinderw[aä]gen|\bhigh ?chair|\bstroller|\bpushchair|rollstuhl|"
    r"\bwheelchair|barrierefrei|\baccessible|\bparken\b|parkpl|\bparking\b|\bspeisekarte|\bgerichte?\b|"
    r"\b(?:the|your|a|das|ein|euer|ihr|mittags)[ -]?men[uü]|\bpreise?\b|\bkostet\b|\bteuer\b|"
    r"\bprices?\b|\bhow much\b|\bkreditkarte|\bec-?karte|\bcredit cards?|\badress|\baddress|"
    r"\bwo (?:seid|sind|ist|liegt|finde)|\bwhere\b|terrasse|\bdraußen\b|biergarten|\boutside\b|"
    r"\boutdoor|\bterrace|\bfenster|\bwindow|\btorte\b|\bkuchen\b|\bcake\b|gutschein|\bvoucher|"
    r"\bwlan\b|\bwi-?fi\b|liefer|\bdeliver|\btake ?away|\bzum mitnehmen\b|\braucher|\bsmok|"
    r"\b(?:zwei|drei|vier|[2-9]) tischen?\b|\b(?:two|three|four|[2-9]) tables\b",
    Intent.THANKS: r"\bdank|\bmerci\b|\bthank|\bthx\b|\bcheers\b|"
    r"\bbis (?:dann|bald|später|morgen|heute|nachher|\w+tag)\b|\bfreu|\btschü|\bciao\b|\bbye\b|"
    r"\bsuper\b|\bprima\b|\bperfekt\b|\bperfect\b|\bgreat\b|\bsee you\b|\blooking forward",
    Intent.GREET: r"\bhallo\b|\bhi\b|\bhey\b|\bhello\b|\bmoin\b|\bservus\b|\bgrüß|\bguten? (?:tag|"
    r"morgen|abend)\b|\bgood (?:morning|evening|afternoon|day)\b|\bstart\b|\bmen[uü]\b",
}  # fmt: skip
_INTENT_PATTERNS = {intent: re.compile(pattern) for intent, pattern in _INTENTS.items()}

_YES = re.compile(
    r"\b(?:ja|jo|jep|jap|jawohl|gern|gerne|ok|okay|oki|passt|genau|richtig|bestätigen|bestätige|"
    r"einverstanden|klar|super|perfekt|yes|yep|yeah|yup|sure|confirm|correct|fine|great|perfect)\b|👍|✅"
)
_NO = re.compile(r"\b(?:nein|ne|nö|nee|no|nope|nicht|nichts|nothing|keine?|not|don't|never)\b|👎")
_SHORT_ANSWER_WORDS = 6

_ORDINALS = {
    "erste": 1, "ersten": 1, "erster": 1, "first": 1, "zweite": 2, "zweiten": 2, "zweiter": 2,
    "second": 2, "dritte": 3, "dritten": 3, "third": 3, "vierte": 4, "vierten": 4, "fourth": 4,
    "fünfte": 5, "fünften": 5, "fifth": 5, "letzte": -1, "letzten": -1, "last": -1,
}  # fmt: skip
_NUMBER_ALONE = re.compile(
    rf"(?:nr\.?|nummer|number|no\.?|option|punkt|#)?\s*(?P<n>{NUMBER})\s*[.)!]?(?:\s*(?:bitte|please))?"
)
_ORDINAL_ALONE = re.compile(
    rf"(?:(?:ich nehme|i take|i'll take|take|nehme)\s+)?(?:die|den|das|der|the)?\s*"
    rf"(?P<o>{'|'.join(_ORDINALS)})(?:\s+(?:one|option|zeit|termin))?\s*[.!]?(?:\s*(?:bitte|please))?"
)

_NAME = re.compile(
    r"(?:\bauf den namen|\bauf (?=herrn|frau|familie)|\bunter dem namen|\bmein name ist|\bname ist|"
    r"\bich heiße|\bich heisse|\bunder the name(?: of)?|\bmy name is|\bin the name of|\bname is|"
    r"\bname\s*[:=]|\bname (?=(?-i:[A-ZÄÖÜ])))\s*(?P<name>[^,;.!?\n|]{1,80})",
    re.IGNORECASE,
)
_NAME_ENDS = re.compile(
    r"\s+(?:bitte|please|danke|thanks|thank you|und|and|für|for|um|at|am|on)\b.*$"
)

_NAME_LEADS = re.compile(
    r"^(?:(?:ja|yes|ok|okay|klar|gerne?|sure)[,.!]\s*)?(?:(?:(?:ich bin|wir sind|hier ist|das ist|"
    r"es ist)(?: der| die)?|i'm|i am|it's|it is|this is|auf|für|for|on|under)\s+)?",
    re.IGNORECASE,
)
_NAME_TAILS = re.compile(
    r"(?:^|[,\s]+)(?:bitte|please|(?:vielen |herzlichen |besten )?dank[ea]?|thanks|"
    r"thank you|thx)\b.*$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"\?|\b(?:ich|wir|ihr|euch|mir|mich|mein|meine|ist|sind|habt|haben|habe|hat|gibt|geht|darf|dürfen|"
    r"kann|können|was|wie|wo|wann|warum|welche|moment|warten?|noch|gleich|sofort|sekunde|augenblick|second|sec|hallo|hello|hi|hey|ok|okay|i|we|you|my|me|is|are|have|has|can|may|do|does|"
    r"could|would|will|what|why|where|how|when|which|wait|hold)\b",
    re.IGNORECASE,
)

_SWITCH = {
    "de": re.compile(r"\b(?:auf deutsch|deutsch|in german|german)\b"),
    "en": re.compile(r"\b(?:auf englisch|englisch|in english|english)\b"),
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GERMAN = _words(
    """ich wir für und ist der die das ein eine einen einem uhr tisch bitte morgen heute haben habe
    hallo danke ja nein stornieren storno guten abend personen leute reservieren reservierung um
    zu nicht auf den dem wann habt ihr übermorgen montag dienstag mittwoch donnerstag freitag
    samstag sonntag möchte hätte gerne gern noch wie viel mit von namen halb viertel kommen bei
    öffnungszeiten geöffnet zwei drei vier fünf sechs sieben acht neun zehn grüß servus moin ihnen
    sie euch uns kann können dezember januar mai juni juli oktober frei zeit später früher"""
)
_ENGLISH = _words(
    """i we for and is the a an table please tomorrow today have hello thanks yes cancel good
    evening morning people book booking reserve reservation at to not on when do you your monday
    tuesday wednesday thursday friday saturday sunday would like could can with of name half
    quarter past open opening hours two three four five six seven eight nine ten tonight next my
    us party guests what time pm thank january february march june july october december available
    free later earlier hey are"""
)


def understand(text: str, today: date) -> Understood:
    """What a text says; `today` is the local date at the business."""
    plain = normalised(text)
    words = re.findall(r"[^\W\d_]+", plain)
    language = language_of(words)
    alone = _alone(plain)
    switch_to = next((name for name, pattern in _SWITCH.items() if pattern.search(plain)), "")
    if alone is not None:
        return Understood(number=alone, language=language, plain_words=len(plain.split()))
    name = _name(text)
    remnant = Remnant(plain.replace(name.lower(), " | ") if name else plain)
    part = hear_part(plain)
    time = hear_time(remnant, part)
    day = hear_day(remnant, today)
    time = time or hear_bare_time(remnant, part)
    party = hear_party(remnant)
    return Understood(
        intents=_intents(plain, len(words)),
        party=party,
        day=day,
        time=time,
        part=part,
        name=name,
        language=language,
        switch_to=switch_to,
        plain_words=len(plain.split()),
    )


def language_of(words: list[str]) -> str:
    """`de`, `en`, or empty when the words do not say."""
    german = sum(word in _GERMAN or bool(set(word) & set("äöüß")) for word in words)
    english = sum(word in _ENGLISH for word in words)
    if german == english:
        return ""
    return "de" if german > english else "en"


def clean_name(text: str) -> str:
    """A guest's name as it may be shown and stored, or empty if the text cannot be one."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text[:400])
    name = " ".join(kept.split()).strip(" .,;:!?\"'|")
    letters = sum(letter.isalpha() for letter in name)
    if letters == 0 or len(name) > MAX_NAME_CHARACTERS or len(name.split()) > 6:
        return ""
    return name


def name_in_answer(text: str) -> str:
    """The name in an answer to the question for one, or empty if that is a sentence or none."""
    answer = _NAME_TAILS.sub("", _NAME_LEADS.sub("", text[:400].replace("’", "'").strip()))
    return "" if _NO_NAME.search(answer) else clean_name(answer)


def _name(text: str) -> str:
    match = _NAME.search(text[:400])
    return clean_name(_NAME_ENDS.sub("", match["name"])) if match else ""


def _alone(plain: str) -> int | None:
    """The number if the text is only a number."""
    match = _NUMBER_ALONE.fullmatch(plain)
    if match is not None:
        return number_of(match["n"])
    match = _ORDINAL_ALONE.fullmatch(plain)
    return _ORDINALS[match["o"]] if match is not None else None


def _intents(plain: str, words: int) -> frozenset[Intent]:
    found = {intent for intent, pattern in _INTENT_PATTERNS.items() if pattern.search(plain)}
    if words <= _SHORT_ANSWER_WORDS:
        if _NO.search(plain):
            found.add(Intent.NO)
        elif _YES.search(plain):
            found.add(Intent.YES)
    return frozenset(found)
