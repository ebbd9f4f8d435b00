"""`s3://BUCKET/PREFIX?endpoint=HOST&region=REGION`: which bucket, where, and how it is asked.

    s3://plausch-blobs?region=eu-central-1                             Amazon
    s3://plausch-blobs/blobs?endpoint=s3.example.org&region=garage     another; by https
    s3://plausch-blobs?endpoint=http://127.0.0.1:9000                  without TLS: only if said so

No secret stands in it: the keys come from the environment (AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY) or from the files and services where Amazon's programs look for them.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from plausch.base.errors import LocalError

SCHEME = "s3://"
DEFAULT_REGION = "us-east-1"
STYLES = ("path", "virtual")

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._/-]{0,500}")
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")


class S3AddressRefused(LocalError):
    """It is not the address of a bucket. The text does not repeat it: it may hold a secret."""

    code = "bad_config"


class S3Address(NamedTuple):
    """`endpoint` empty: Amazon's. `prefix` is empty or ends with a slash. `style`: the bucket's
    name in the "path" or, "virtual", before the host's name."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = DEFAULT_REGION
    style: str = "virtual"

    @property
    def encrypted(self) -> bool:
        """Whether the way there is TLS."""
        return not self.endpoint.startswith("http://")


def parse_s3_address(text: str) -> S3Address:
    """Raises S3AddressRefused."""
    try:
        parts = urlsplit(text)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise S3AddressRefused("The address of the bucket cannot be read.") from None
    if "@" in parts.netloc:
        raise S3AddressRefused(
            "Keys do not belong in the address of the bucket: give them as AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY in the environment."
        )
    if parts.scheme != "s3" or parts.fragment or not _BUCKET.fullmatch(parts.netloc):
        raise S3AddressRefused(
            "The address of the bucket is not like s3://BUCKET/PREFIX?endpoint=HOST&region=REGION, "
            "with a bucket's name of 3 to 63 small letters, digits, dots and dashes."
        )
    options = dict(given)
    if len(options) != len(given) or not options.keys() <= {"endpoint", "region", "style"}:
        raise S3AddressRefused(
            "The address of the bucket has options other than endpoint, region and style, or one "
            "of them twice."
        )
    prefix = parts.path.strip("/")
    if not _PREFIX.fullmatch(prefix) or ".." in prefix or "//" in prefix:
        raise S3AddressRefused(
            "The folder in the address of the bucket may have letters, digits, dots, dashes, "
            "underscores and slashes."
        )
    endpoint = _endpoint(options.get("endpoint", ""))
    region = options.get("region", DEFAULT_REGION)
    style = options.get("style", "path" if endpoint else "virtual")
    if not _REGION.fullmatch(region) or style not in STYLES:
        raise S3AddressRefused(
            "In the address of the bucket, region is one word, and style is path or virtual."
        )
    return S3Address(parts.netloc, f"{prefix}/" if prefix else "", endpoint, region, style)


def _endpoint(text: str) -> str:
    """https where no scheme is said."""
    if not text:
        return ""
    whole = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(whole)
        fits = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        fits = False
    beyond = fits and (parts.path.strip("/") or parts.query or parts.fragment or "@" in whole)
    if not fits or beyond or parts.scheme not in ("http", "https"):
        raise S3AddressRefused(
            "The endpoint in the address of the bucket is not like s3.example.org, "
            "https://s3.example.org:9000 or http://127.0.0.1:9000."
        )
    return f"{parts.scheme}://{parts.netloc}"
