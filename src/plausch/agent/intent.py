"""What a guest wants, beside the details of a booking: by the words that give it away."""

import re
from dataclasses import dataclass
from enum import StrEnum


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


_INTENTS = {
    Intent.CANCEL: r"\bstorn|\babsag|\babzusagen|\babbestell|\babbrech|\bcancel|\bcall off\b|"
    r"\bcall it off\b|\bnicht (?:mehr )?kommen\b|\bcan(?:'t|not) (?:make it|come)\b|"
    r"\bdelete my\b|\blösch|\bcanceln\b|\b(?:won't|will not|not) be able to (?:make it|come)\b|"
    r"\bannullier|\brückgängig|\bstreichen\b|\bverhindert\b|\baustragen\b|"
    r"\bfällt (?:\w+ ){0,3}(?:aus|flach)\b|"
    r"\b(?:ziehe|ziehen) (?:\w+ ){0,4}zurück\b|\bzurück(?:zu)?ziehen\b|\bentfern|"
    r"\b(?:schaffe|schaffen) (?:es|das) (?:\w+ ){0,4}nicht\b|\b(?:doch|wieder) weg\b|"
    r"\bunable to (?:come|make|attend|join)\b|\b(?:not|aren't|isn't|won't be) (?:coming|"
    r"attending)\b|"
    r"\b(?:remove|delete|drop|withdraw|void|annul|get rid of|give up) (?:my|our|the|"
    r"this) (?:\w+ )?(?:booking|reservation|"
    r"table|appointment)\b|\bpull out of\b|\bwon't make it\b|\bklappt (?:\w+ ){0,2}nicht mit\b|"
    r"\b(?:brauchen|benötigen) (?:\w+ ){0,4}nicht mehr\b|"
    r"\b(?:don't|won't|no longer) need (?:\w+ ){0,3}(?:table|booking|reservation|appointment)\b",
    Intent.HOURS: r"öffnungszeit|oeffnungszeit|\bgeöffnet\b|\boffen\b|\bgeschlossen\b|\bruhetag|"
    r"\bwann (?:habt|haben|hat|macht|machen)\b|\bopening (?:hours|times)\b|\bbusiness hours\b|"
    r"\bopen\b|\bclosed?\b(?! to\b)|(?<!\bin )(?<!\d )(?<!two )(?<!three )\bhours\b|\bauf(?:habt|"
    r"haben)\b|"
    r"\b(?:ab|bis) wann\b|\bwie lange (?:habt|haben|hat|ist|seid|sind|kann)\b|\bhow (?:late|"
    r"long) (?:are|is|do|does)\b|"
    r"\b(?:until|till) (?:what time|when)\b|\bwann (?:\w+ )?(?:öffn|schlie)|"
    r"\bwhen does the (?:kitchen|restaurant|bar|shop|salon)\b|\bwhat time (?:do|"
    r"does) \w+ (?:open|close|start)|"
    r"\b(?:habt|haben|macht|machen|seid|sind) (?:ihr|sie) (?:\w+ ){0,4}(?:urlaub|betriebs\w+|"
    r"ferien)\b|"
    r"\b(?:seid|sind) (?:ihr|sie) (?:\w+ ){1,5}da\b|"
    r"\b(?:habt|haben|hat) (?:\w+ ){0,5}auf\s*(?:[?.!]|$)|\bschließt\b|\bschliesst\b|"
    r"\bmacht ihr (?:\w+ )?(?:zu|auf)\b",
    Intent.MINE: r"\bmeine?n? (?:nächster |nächste |nächsten )?(?:reservierung|buchung|tisch|"
    r"termin)|"
    r"\bmy (?:next )?(?:booking|reservation|table|appointment)|"
    r"\bhabe? ich (?:noch )?eine[n]? (?:buchung|reservierung|termin)|\bdo (?:i|"
    r"we) have a (?:booking|reservation)|"
    r"\b(?:wir|ich|sie) (?:(?!nicht)\w+ ){0,4}(?:bestellt|ausgemacht|vereinbart)\b|\b(?:wann|was|"
    r"welche\w*|uhr(?:zeit)?) "
    r"(?:hatte|habe|hatten|haben) (?:ich|wir)\b|\bdid (?:i|we) (?:book|reserve)|\bam i booked|"
    r"\bare we booked|"
    r"\bwann habe ich\b|\bwhen is my\b|\bunsere? (?:reservierung|buchung|tisch)|"
    r"\bour (?:booking|reservation|table)|\bwann war\b|\b(?:when|what time) was (?:it|that|my)\b|"
    r"\b(?:ich|wir) hab(?:en?)? (?:\w+ ){0,3}(?:reservierung|reserviert|gebucht)|"
    r"\b(?:i|we) have an? (?:booking|reservation|appointment)|"
    r"\b(?:i've|we've|i have|we have) (?:reserved|booked)",
    Intent.BOOK: r"reserv|\btisch|\btable\b|\bbook|\bbuch(?:en|e|ung)|\bplatz\b|\bplätze\b|"
    r"\bessen (?:kommen|gehen)\b|\bfree\b|\bfrei\b|\bfreizuhalten\b|\bavailab|\bverfügbar|\btermin|"
    r"\bappointment|\bparty of\b",
    Intent.HUMAN: r"\bmensch|\bmitarbeiter|\bhuman\b|\breal person\b|\bstaff\b|\bchef|\bsprechen\b|"
    r"\banrufen\b|\bcall me\b|\bring me\b|\b(?:zu)?rückruf|\bzurückruf|\bowner\b|\binhaber|"
    r"\b(?:any|some)(?:one|body) (?:there|here)\b|\boperator\b|\bcustomer service\b|"
    r"\bgeschäftsführ|"
    r"\bruf(?:en|t)?(?: sie)? (?:mich|uns)\b|\bjemand\w* (?:in echt|persönlich|erreich)|"
    r"\btelefon|\bphone\b|\bspeak to\b|\btalk to\b|\bhilfe\b|\bhelp\b|"
    r"\b(?:ro)?bot\b|\broboter\b|\bcomputer\b|\bki\b",
    Intent.OTHER: r"\bander(?:e|er|es|en|em)\b|\bother\b|\banother\b|\bdifferent\b|"
    r"(?<!bis )\bspäter\b|\bfrüher\b|(?<!you )\blater\b|\bearlier\b|\bändern\b|\bchange\b|\bmove\b|"
    r"\bverschieben\b",
    Intent.CHANGE: r"\bänder|\baender|\bverschieb|\bumbuch|\bverleg|\bumzubuchen|\b(?:an)?statt|"
    r"\bdoch\b|"
    r"(?<!bis )\bspäter\b|\bfrüher\b|\bchang|\bmove\b|\breschedul|\bpostpone|\binstead\b|"
    r"\bperson(?:en)? (?:mehr|weniger)\b|\b(?:more|fewer|less) (?:person|people)\b|\bumzu|"
    r"\bumleg|\bamend|"
    r"\bswitch (?:my|our|the|to)\b|\bschieben\b|\btausch|\bbring (?:\w+ ){1,3}forward\b|"
    r"\bpush (?:\w+ ){0,3}back\b|"
    r"\badd (?:\w+ )?(?:more )?(?:guest|person|people)|\bmodif|\badjust|\bkorrigier|\bvorverleg|"
    r"\bshift\b|\brearrange|"
    r"(?<!can't )(?<!cannot )(?<!able to )(?<!not )\bmake it\b|\bactually\b|(?<!you )\blater\b|"
    r"\bearlier\b",
    Intent.BEYOND: r"zöliakie|coeliac|celiac|vertrage|\bcash\b|\bbezahlen\b|\bzahlen\b|"
    r"\bkarten?zahl|\bec-?karten?|\bwie lange dauert|\bhow long (?:does|"
    r"will) (?:\w+ ){1,4}take|"
    r"\bgift cards?|\ballergi|unverträg|intoleran|gluten|la[ck]tos|\bvegan|\bveget|\bhalal|"
    r"\bk?oscher|\bkosher|\bnuss|\bnuts?\b|\bhunde?\b|\bdogs?\b|\bpets?\b|haustier|hochst[uü]hl|"
    r"kinderst[uü]hl|kindersitz|kinderw[aä]gen|\bhigh ?chair|\bstroller|\bpushchair|rollstuhl|"
    r"\bwheelchair|barrierefrei|\baccessible|\bparken\b|parkpl|\bparking\b|\bspeisekarte|"
    r"\bgerichte?\b|"
    r"\b(?:the|your|a|das|ein|euer|ihr|mittags)[ -]?men[uü]|\bpreise?\b|\bkostet\b|\bteuer\b|"
    r"\bprices?\b|\bhow much\b|\bkreditkarte|\bec-?karte|\bcredit cards?|\badress|\baddress|"
    r"\bwo (?:seid|sind|ist|liegt|finde)|\bwhere\b|terrasse|\bdraußen\b|biergarten|\boutside\b|"
    r"\boutdoor|\bterrace|\bfenster|\bwindow|\btorte\b|\bkuchen\b|\bcake\b|gutschein|\bvoucher|"
    r"\bwlan\b|\bwi-?fi\b|liefer|\bdeliver|\btake ?away|\bzum mitnehmen\b|\braucher|\bsmok|"
    r"\b(?:zwei|drei|vier|[2-9]) tischen?\b|\b(?:two|three|four|[2-9]) tables\b",
    Intent.THANKS: r"\bdank|\bmerci\b|\bthank|\bthx\b|\bcheers\b|"
    r"\bbis (?:dann|bald|später|morgen|heute|nachher|\w+tag)\b|\bfreu|\btschü|\bciao\b|\bbye\b|"
    r"\bappreciat|\bsuper\b|\bprima\b|\bperfekt\b|\bperfect\b|\bgreat\b|\bsee you\b|"
    r"\blooking forward",
    Intent.GREET: r"\bhallo\b|\bhallöchen\b|\bhuhu\b|\bhiya\b|\bhowdy\b|\btach\b|"
    r"\bn?abend zusammen\b|\bgreetings\b|\bhi\b|\bhey\b|\bhello\b|\bmoin\b|\bservus\b|\bgrüß|"
    r"\bguten? (?:tag|"
    r"morgen|abend)\b|\bgood (?:morning|evening|afternoon|day)\b|\bstart\b|\bmen[uü]\b",
}  # fmt: skip
_INTENT_PATTERNS = {intent: re.compile(pattern) for intent, pattern in _INTENTS.items()}

_YES = re.compile(
    r"\b(?:ja|jo|jep|jap|jawohl|jawoll|gern|gerne|ok|okay|oki|passt|genau|richtig|bestätigen|"
    r"bestätige|"
    r"einverstanden|klar|abgemacht|sounds good|all right|alright|absolutely|definitely|go ahead|"
    r"super|perfekt|yes|yep|yeah|yup|sure|confirm|correct|fine|great|perfect)\b|👍|✅"
)
_NO = re.compile(
    r"\b(?:nein|ne|nö|nee|no|nope|nicht|nichts|nothing|keine?|keinen fall|lass mal|never mind|"
    r"forget it|rather not|not|don't|never)\b|👎"
)
_SHORT_ANSWER_WORDS = 6

_NOT_CANCEL = re.compile(
    r"\b(?:nicht|keinesfalls) (?:zu )?(?:stornier|absag|lösch|cancel)|\b(?:don't|do not|never|"
    r"not) (?:\w+ )?cancel|"
    r"\b(?:ohne|statt) (?:\w+ )?zu (?:storn|lösch|cancel)|\bohne abzusagen|\bwithout cancel|"
    r"\bnicht (?:abzusagen|abgesagt|storniert)"
)
_NEW_ONE = re.compile(
    r"\b(?:neuen?|neuer|anderen?|new|another|other) (?:termin|tisch|zeit|tag|appointment|table|"
    r"time|day)\b"
)
_CLEARLY_CHANGE = re.compile(
    r"\bumleg|\bamend|\bswitch (?:my|our|the|to)\b|\bschieben\b|\bbring (?:\w+ ){1,3}forward\b|"
    r"\bpush (?:\w+ ){0,3}back\b|\badd (?:\w+ )?(?:more )?(?:guest|person|people)|\bmodif|"
    r"\badjust|\bkorrigier|"
    r"\bvorverleg|\bshift\b|\brearrange|\btausch|"
    r"\bänder|\baender|verschieb|\bumbuch|\bumzubuch|\bverleg|\bchang|\bmove|\breschedul|"
    r"\bpostpone|"
    r"\bauf .{1,30} legen\b"
)
_CLEARLY_BOOK = re.compile(
    r"reservier|\breserve\b|\bbook\b|\bbuchen\b|\b(?:einen|an|a) (?:tisch|table|termin|"
    r"appointment)\b"
)
_ASKS = re.compile(
    r"\?|\b(?:wann|welche[rsn]?|wie|was|ob|ist|steht|habe?|haben|hat|when|what|which|is|are|did|do|"
    r"have|check|confirmed|bestätigt|again|nochmal|bekommen)\b"
)
_REQUEST = re.compile(
    r"\?|\b(?:hätte\w*|möchte\w*|würde\w*|brauch\w*|bräucht\w*|benötig\w*|such\w*|frei|noch|"
    r"bitte\w*|können|könnt\w*|"
    r"kann|dürft\w*|gerne?|geht|möglich|wäre\w*|will|woll\w*|nehm\w*|please|like|need|want|wanna|"
    r"would|could|can|may|is|any|"
    r"free|available|book|reserve|looking|get|hoping|buche\w*|reservier\w*|bestell\w*)\b"
)
_ELSEWHERE = re.compile(
    r"^(?:\W*(?:hallo|hi|hey|hello|moin|guten (?:tag|abend|morgen)|und|and|"
    r"sorry)\b)*\W*(?:do (?:you|they)(?: guys)? (?:have|"
    r"serve|sell|offer|do|take|accept)|have you got|is there|are there|can (?:we|i|you) (?:pay|"
    r"bring|"
    r"park|smoke)|(?:habt|bietet|serviert|verkauft|nehmt|macht|führt) ihr|(?:haben|bieten|"
    r"servieren|verkaufen|"
    r"nehmen|machen|führen) sie|gibt es|gibt's|gibts)\b"
)
_PLAIN_NO = re.compile(r"^\W*(?:nein|nee?|nö|no|nope|nah)\b")
_MORE = re.compile(r"\b(?:mehr|weniger|more|fewer|less)\b")
_INSTEAD = re.compile(r"\binstead\b(?! of)|\bstattdessen\b")
_UNTIL_THEN = re.compile(r"\bbis\b|\bsee you\b|\buntil\b")
_BYGONE = re.compile(
    r"\b(?:wir waren|ich war|we were|i was)\b(?! (?:wondering|hoping|thinking|looking|going))"
)
_CODE = re.compile(r";\s*\w+ \w+|</?\w+|--\s*$|[{}\\]")


def intents_of(plain: str, words: int) -> frozenset[Intent]:
    """Every intent that a normalised text of so many words shows signs of."""
    found = {intent for intent, pattern in _INTENT_PATTERNS.items() if pattern.search(plain)}
    if Intent.CANCEL in found and _NOT_CANCEL.search(plain):
        found.discard(Intent.CANCEL)
    if words <= _SHORT_ANSWER_WORDS:
        if _NO.search(plain):
            found.add(Intent.NO)
        elif _YES.search(plain):
            found.add(Intent.YES)
    return frozenset(found)


def is_move(plain: str) -> bool:
    """Whether a text moves something, so that of "from Friday to Sunday" the latter is meant."""
    return bool(_CLEARLY_CHANGE.search(plain) or _INSTEAD.search(plain))


def is_bygone(plain: str, intents: frozenset[Intent]) -> bool:
    """Whether a text tells of a visit that was: its dates and numbers are no wish."""
    return _BYGONE.search(plain) is not None and Intent.BOOK not in intents


@dataclass(frozen=True, slots=True)
class Said:
    """Which details a text has, and whether it has words that belong to nothing that is known.

    `time` is a time or a part of the day, `has_clock` a time.
    """

    party: bool = False
    day: bool = False
    time: bool = False
    has_clock: bool = False
    service: bool = False
    has_strange_words: bool = False


def meant(plain: str, intents: frozenset[Intent], said: Said) -> Intent | None:
    """The one intent that a normalised text is most likely about, or None if it does not say."""
    if Intent.CANCEL in intents:
        return Intent.CHANGE if _NEW_ONE.search(plain) else Intent.CANCEL
    has_details = said.party or said.day or said.time
    if _is_change(plain, intents, has_details=has_details or said.service):
        return Intent.CHANGE
    if _is_farewell(plain, intents, said):
        return Intent.THANKS
    if Intent.MINE in intents and not said.party and not said.has_clock:
        asks = _ASKS.search(plain) is not None or not said.has_strange_words
        return Intent.MINE if asks else None
    if Intent.HOURS in intents and not said.party and Intent.BOOK not in intents:
        return Intent.HOURS
    if Intent.HUMAN in intents and not has_details:
        return Intent.HUMAN
    clearly = _CLEARLY_BOOK.search(plain) is not None
    if Intent.BEYOND in intents and not said.party and not said.time and not clearly:
        return Intent.BEYOND
    if _is_booking(plain, intents, said):
        return Intent.BOOK
    return None if has_details else _small_talk(plain, intents, said)


def _small_talk(plain: str, intents: frozenset[Intent], said: Said) -> Intent | None:
    if Intent.NO in intents:
        sure = _PLAIN_NO.search(plain) is not None or not said.has_strange_words
        return Intent.NO if sure else None
    if _ELSEWHERE.search(plain) and Intent.BOOK not in intents:
        return Intent.BEYOND
    if "?" in plain:
        intents = intents - {Intent.YES}
    order = (Intent.YES, Intent.THANKS, Intent.GREET)
    return next((one for one in order if one in intents), None)


def _is_change(plain: str, intents: frozenset[Intent], *, has_details: bool) -> bool:
    if _CLEARLY_CHANGE.search(plain):
        return True
    faint = Intent.CHANGE in intents and (Intent.MINE in intents or Intent.BOOK not in intents)
    said = has_details or Intent.OTHER in intents or _MORE.search(plain) is not None
    return (faint and said) or (Intent.OTHER in intents and Intent.BOOK not in intents)


def _is_farewell(plain: str, intents: frozenset[Intent], said: Said) -> bool:
    if Intent.THANKS not in intents or Intent.BOOK in intents or said.party or said.time:
        return False
    others = {Intent.HOURS, Intent.MINE, Intent.HUMAN, Intent.BEYOND, Intent.NO}
    return not intents & others and (not said.day or _UNTIL_THEN.search(plain) is not None)


def _is_booking(plain: str, intents: frozenset[Intent], said: Said) -> bool:
    if said.party or said.service:
        return True
    dated = said.day or said.time
    if Intent.BOOK in intents:
        if _CODE.search(plain) and not dated:
            return False
        asked = _REQUEST.search(plain) or _CLEARLY_BOOK.search(plain)
        return asked is not None or not said.has_strange_words
    return dated and not said.has_strange_words
