"""What a business says of itself in public: schema.org LocalBusiness, with a German imprint.

A profile is for everybody: it is signed (identity.profile), lies readable on the server, and may go
public only with a complete imprint (section 5 of the German Digital Services Act, DDG).
"""

from dataclasses import dataclass

from plausch.domain.calendar import Calendar

LANGUAGES = ("de", "en")
"""In these a profile's longer texts are written."""

NAME_CHARACTERS = 80
LINE_CHARACTERS = 120
URL_CHARACTERS = 300
DESCRIPTION_CHARACTERS = 1_000
PRIVACY_CHARACTERS = 3_000
FURTHER_CHARACTERS = 600
MOST_LINKS = 8
MOST_PICTURES = 6
MOST_SPOKEN = 12
MOST_SPECIAL_DAYS = 120
MOST_SPANS_A_DAY = 6
PICTURE_BYTES = 512 * 1024
PICTURE_PIXELS = 4_096
"""Most of a picture's width and of its height."""

MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class KindOfBusiness:
    """A kind: schema.org's type, and what people call it."""

    schema_type: str
    de: str
    en: str

    def in_language(self, language: str) -> str:
        """The German name for `de`, otherwise the English one."""
        return self.de if language == "de" else self.en


KINDS = {
    "restaurant": KindOfBusiness("Restaurant", "Restaurant", "Restaurant"),
    "cafe": KindOfBusiness("CafeOrCoffeeShop", "Café", "Café"),
    "hairdresser": KindOfBusiness("HairSalon", "Friseur", "Hairdresser"),
    "shop": KindOfBusiness("Store", "Laden", "Shop"),
    "practice": KindOfBusiness("MedicalBusiness", "Praxis", "Practice"),
    "craft": KindOfBusiness("HomeAndConstructionBusiness", "Handwerk", "Trade"),
    "hotel": KindOfBusiness("Hotel", "Hotel", "Hotel"),
    "other": KindOfBusiness("LocalBusiness", "Betrieb", "Business"),
}


@dataclass(frozen=True, slots=True)
class LegalForm:
    """What an imprint has to say of a business of this form."""

    represented: bool
    """It acts through somebody, who is named."""

    registered: bool
    """It stands in a register, which is named with the number."""


LEGAL_FORMS = {
    "sole trader": LegalForm(represented=False, registered=False),
    "e.K.": LegalForm(represented=False, registered=True),
    "GbR": LegalForm(represented=True, registered=False),
    "eGbR": LegalForm(represented=True, registered=True),
    "OHG": LegalForm(represented=True, registered=True),
    "KG": LegalForm(represented=True, registered=True),
    "GmbH & Co. KG": LegalForm(represented=True, registered=True),
    "UG (haftungsbeschränkt)": LegalForm(represented=True, registered=True),
    "GmbH": LegalForm(represented=True, registered=True),
    "AG": LegalForm(represented=True, registered=True),
    "PartG": LegalForm(represented=True, registered=True),
    "e.G.": LegalForm(represented=True, registered=True),
    "e.V.": LegalForm(represented=True, registered=True),
    "public body": LegalForm(represented=True, registered=False),
    "other": LegalForm(represented=True, registered=False),
}


@dataclass(frozen=True, slots=True)
class Wording:
    """A text in German and in English; one of them may be empty."""

    de: str = ""
    en: str = ""

    def in_language(self, language: str) -> str:
        """In this language if there is one, else in the other."""
        return self.spoken(language)[0]

    def spoken(self, language: str) -> tuple[str, str]:
        """As `in_language`, and in which language that is."""
        german, english = (self.de, "de"), (self.en, "en")
        first, second = (german, english) if language == "de" else (english, german)
        return first if first[0] else second

    def __bool__(self) -> bool:
        return bool(self.de or self.en)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a business is, as on an envelope; `country` is ISO 3166-1 alpha-2."""

    street: str = ""
    postal_code: str = ""
    locality: str = ""
    country: str = "DE"


@dataclass(frozen=True, slots=True)
class Imprint:
    """Who answers for the business (section 5 DDG). What is unknown or does not apply is empty.

    `legal_form` is a key of `LEGAL_FORMS`. `contact_url` is a contact form, which may stand for the
    telephone. `further` is for what some trades have to say: supervision, chamber, profession.
    """

    name: str = ""
    legal_form: str = ""
    representative: str = ""
    address: Address = Address()
    email: str = ""
    telephone: str = ""
    contact_url: str = ""
    register: str = ""
    register_number: str = ""
    vat_id: str = ""
    further: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the business elsewhere."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A public picture: a blob that is not encrypted. `blob` is its id, `digest` its SHA-256.

    `text` says what is on it to who does not see it.
    """

    blob: bytes
    digest: bytes
    size_bytes: int
    media_type: str
    width: int
    height: int
    text: str


@dataclass(frozen=True, slots=True)
class Profile:
    """All that a business says of itself. `spoken` are language tags such as `de` or `pt-BR`.

    `listed`: it may be found in the server's directory.
    """

    name: str
    kind: str
    calendar: Calendar
    address: Address = Address()
    telephone: str = ""
    email: str = ""
    spoken: tuple[str, ...] = ("de",)
    description: Wording = Wording()
    privacy: Wording = Wording()
    privacy_url: str = ""
    imprint: Imprint = Imprint()
    links: tuple[Link, ...] = ()
    pictures: tuple[Picture, ...] = ()
    listed: bool = False


def missing_in(profile: Profile) -> tuple[str, ...]:
    """What a profile lacks to go public, as the places of its fields: `imprint.email`.

    Empty: it may. The VAT id is not asked for: whether a business has one, only it knows.
    """
    imprint = profile.imprint
    form = LEGAL_FORMS.get(imprint.legal_form)
    lacking = {
        "imprint.name": not imprint.name,
        "imprint.legal_form": form is None,
        "imprint.representative": form is not None
        and form.represented
        and not imprint.representative,
        "imprint.street": not imprint.address.street or is_box(imprint.address.street),
        "imprint.postal_code": not imprint.address.postal_code,
        "imprint.locality": not imprint.address.locality,
        "imprint.email": not imprint.email,
        "imprint.telephone": not imprint.telephone and not imprint.contact_url,
        "imprint.register": form is not None and form.registered and not imprint.register,
        "imprint.register_number": form is not None
        and form.registered
        and not imprint.register_number,
        "privacy": not profile.privacy and not profile.privacy_url,
    }
    return tuple(field for field, is_lacking in lacking.items() if is_lacking)


def is_box(street: str) -> bool:
    """Whether this is a post box, where nobody can be summoned."""
    return street.casefold().replace(" ", "").replace(".", "").startswith(("postfach", "pobox"))
