"""RFC 9420's official vectors: the headers of variable-length vectors."""

import json
from pathlib import Path

from plausch.mls.codec import Reader, encode_varint


def test_length_headers_read_and_write(vectors: Path) -> None:
    cases = json.loads((vectors / "mls" / "deserialization.json").read_text())
    assert len(cases) > 10
    for case in cases:
        header = bytes.fromhex(case["vlbytes_header"])
        reader = Reader(header)
        assert reader.varint() == case["length"]
        reader.finish()
        assert encode_varint(case["length"]) == header
