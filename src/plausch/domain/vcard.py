"""A profile as a vCard 4.0 (RFC 6350), for address books."""

from plausch.domain.profile import Profile

_LINE_BYTES = 75


def vcard(profile: Profile, url: str, account_uri: str, language: str) -> str:
    """The card; `url` is the business's page, `account_uri` its mimi:// address."""
    address = profile.address
    lines = [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:org",
        f"FN:{_text(profile.name)}",
        f"ORG:{_text(profile.imprint.name or profile.name)}",
        f"URL:{url}",
        f"IMPP;PREF=1:{account_uri}",
    ]
    if address.street or address.locality:
        parts = (address.street, address.locality, "", address.postal_code, address.country)
        lines.append("ADR;TYPE=work:;;" + ";".join(_text(part) for part in parts))
    if profile.telephone:
        number = "".join(letter for letter in profile.telephone if letter in "+0123456789")
        lines.append(f"TEL;TYPE=work;VALUE=uri:tel:{number}")
    if profile.email:
        lines.append(f"EMAIL;TYPE=work:{_text(profile.email)}")
    description = profile.description.in_language(language)
    if description:
        lines.append(f"NOTE:{_text(description)}")
    lines += [f"LANG;PREF={place}:{tag}" for place, tag in enumerate(profile.spoken, 1)]
    lines += [f"URL:{link.url}" for link in profile.links]
    return "".join(_folded(line) for line in [*lines, "END:VCARD"])


def _text(text: str) -> str:
    """Section 3.4: what separates is escaped, and a line break is written."""
    for letter in "\\,;":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Section 3.2: lines of at most 75 octets; a continuation begins with a space."""
    folded, length = [], 0
    for letter in line:
        size = len(letter.encode())
        if length + size > _LINE_BYTES:
            folded.append("\r\n ")
            length = 1
        folded.append(letter)
        length += size
    return "".join([*folded, "\r\n"])
