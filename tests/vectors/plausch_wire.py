"""The cases of spec/vectors/wire.json: every frame, its fields' limits, and bytes that are none.

The frames in other languages are compared with it. In the folder tests, after a change of the
wire, write it anew with: python -m vectors.plausch_wire
"""

import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec.inspect import (
    BoolType,
    BytesType,
    Field,
    IntType,
    ListType,
    StrType,
    StructType,
    TupleType,
    Type,
    type_info,
)

from plausch.wire import blobs, codec, linking, profiles, reports
from plausch.wire import frames as f
from plausch.wire.session import ALLOWED, ANSWERS, PUSHED_IN, PUSHES, STEPS, UNANSWERED, State
from unit.wire.samples import CLIENT, SERVER

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "wire.json"

MOST_WRITTEN = 256
"""What may be longer is not tried at its limits in the file; the unit tests do."""

STRANGERS: dict[str, object] = {
    "nil": None,
    "a float": 1.0,
    "a map": {},
    "true": True,
    "a text": "1",
    "bytes": b"1",
    "a number": 1,
    "an array": [[1]],
    "an extension": msgspec.msgpack.Ext(1, b"x"),
}
"""A value of each type of msgpack; each is tried where another type belongs."""

Place = tuple[int, ...]
"""Where a value stands: the indices of the arrays around it."""


def camel(name: str) -> str:
    """`device_list` as other languages write it: `deviceList`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


# --- what frames are ------------------------------------------------------------------------


def kind_of(kind: Type) -> dict[str, object]:
    """What a field may hold; a limit that is null is none."""
    match kind:
        case IntType(ge=least, le=most):
            return {"kind": "int", "least": least, "most": most}
        case StrType(max_length=most):
            return {"kind": "text", "most": most}
        case BytesType(min_length=least, max_length=most):
            return {"kind": "bytes", "least": least or 0, "most": most}
        case BoolType():
            return {"kind": "flag"}
        case ListType(item_type=item, max_length=most):
            return {"kind": "list", "item": kind_of(item), "most": most}
        case TupleType(item_types=(first, second)):
            return {"kind": "pair", "first": kind_of(first), "second": kind_of(second)}
        case StructType(cls=owner, fields=fields):
            return {"kind": "record", "name": owner.__name__, "fields": fields_of(fields)}
    raise TypeError(f"{kind} is no kind that the wire has")


def fields_of(fields: tuple[Field, ...]) -> list[dict[str, object]]:
    """In the order of the wire."""
    return [
        {"name": field.name, **kind_of(field.type)}
        | ({} if field.required else {"otherwise": field.default})
        for field in fields
    ]


def struct_of(kind: type) -> StructType:
    found = type_info(kind)
    assert isinstance(found, StructType)
    return found


def frames() -> list[dict[str, object]]:
    """All frames by their tags."""
    kinds = [(kind, "device") for kind in get_args(f.ClientFrame)]
    kinds += [(kind, "server") for kind in get_args(f.ServerFrame)]
    found: list[dict[str, object]] = []
    for kind, author in sorted(kinds, key=lambda one: struct_of(one[0]).tag):  # type: ignore[arg-type,return-value]
        about = {"name": kind.__name__, "tag": struct_of(kind).tag, "from": author}
        if kind in ANSWERS:
            about["answer"] = ANSWERS[kind].__name__
        found.append({**about, "fields": fields_of(struct_of(kind).fields)})
    return found


def names(kinds: frozenset[type[f.Frame]]) -> list[str]:
    return sorted(kind.__name__ for kind in kinds)


def session() -> dict[str, object]:
    """The order of frames."""
    return {
        "unanswered": names(UNANSWERED),
        "pushes": names(PUSHES),
        "pushed": {
            state.name.lower(): names(
                frozenset(kind for kind in PUSHES if state in PUSHED_IN[kind])
            )
            for state in State
        },
        "allowed": {state.name.lower(): names(ALLOWED[state]) for state in State},
        "steps": [
            [before.name.lower(), frame.__name__, after.name.lower()]
            for (before, frame), after in STEPS.items()
        ],
    }


# --- frames as bytes ------------------------------------------------------------------------


def written(value: object) -> object:
    """As JSON has it: bytes in hexadecimal digits, records as objects."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [written(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return {camel(name): written(getattr(value, name)) for name in value.__struct_fields__}
    return value


def example(frame: f.Frame) -> dict[str, object]:
    raw = codec.encode(frame)  # type: ignore[arg-type]
    return {"frame": type(frame).__name__, "values": written(frame), "encoded": raw.hex()}


def extremes(kind: Type) -> tuple[list[object], list[object]]:
    """Values at the limits of a kind, and the first ones beyond them."""
    match kind:
        case IntType(ge=least, le=most):
            assert least is not None and most is not None
            return [least, most], [least - 1, most + 1]
        case StrType(max_length=most) if (most or math.inf) <= MOST_WRITTEN:
            assert most is not None
            smile = "\U0001f600"
            return ["", "é" * most, smile * most], ["x" * (most + 1), smile * (most + 1)]
        case BytesType(min_length=least, max_length=most) if (most or math.inf) <= MOST_WRITTEN:
            assert most is not None
            return [bytes(least or 0), b"\xff" * most], [
                bytes(size) for size in ((least or 0) - 1, most + 1) if size >= 0
            ]
        case ListType(item_type=StructType()):
            return [[]], []
        case ListType(item_type=item, max_length=most) if (most or 0) <= MOST_WRITTEN:
            one = b"" if isinstance(item, BytesType) else "x"
            limited = ([[one] * most], [[one] * (most + 1)]) if most is not None else ([], [])
            return [[], *limited[0]], limited[1]
        case BoolType():
            return [False, True], []
    return [], []


def changed(frame: f.Frame, name: str, value: object) -> f.Frame:
    return type(frame)(
        **{each: getattr(frame, each) for each in frame.__struct_fields__} | {name: value}
    )


def at_the_limits(*, beyond: bool) -> Iterator[dict[str, object]]:
    """Each field of each sample at its limits, or just beyond one."""
    for frame in CLIENT + SERVER:
        for field in struct_of(type(frame)).fields:
            for value in extremes(field.type)[beyond]:
                yield example(changed(frame, field.name, value))


def refused() -> Iterator[dict[str, object]]:
    """What no device takes from a server, and why."""
    for frame in SERVER:
        name, raw = type(frame).__name__, codec.encode(frame)
        elements: list[Any] = msgspec.msgpack.decode(raw)
        yield refusal(f"{name} and a byte", raw + b"\x00")
        yield refusal(f"{name} without its last byte", raw[:-1])
        yield refusal(f"{name} with another field", [*elements, 0])
        if not isinstance(frame, f.Refused):  # whose last fields may be left out
            yield refusal(f"{name} without its last field", elements[:-1])
        for place, value in places(elements):
            for said, other in STRANGERS.items():
                if type(other) is not type(value):
                    yield refusal(f"{name} at {list(place)}: {said}", put(elements, place, other))
    for frame_of_device in CLIENT:
        name = type(frame_of_device).__name__
        yield refusal(f"{name}, which a device sends", codec.encode(frame_of_device))
    yield from junk()


def places(elements: list[Any], outer: Place = ()) -> Iterator[tuple[Place, Any]]:
    for index, value in enumerate(elements):
        yield (*outer, index), value
        if isinstance(value, list):
            yield from places(value, (*outer, index))


def put(elements: list[Any], place: Place, value: object) -> list[Any]:
    index, *rest = place
    inner = put(elements[index], tuple(rest), value) if rest else value
    return [*elements[:index], inner, *elements[index + 1 :]]


def refusal(why: str, raw: bytes | list[Any]) -> dict[str, object]:
    encoded = raw if isinstance(raw, bytes) else msgspec.msgpack.encode(raw)
    return {"why": why, "encoded": encoded.hex()}


def junk() -> Iterator[dict[str, object]]:
    """Bytes that mean to do harm."""
    yield refusal("nothing", b"")
    yield refusal("an empty array", b"\x90")
    yield refusal("a number", b"\x05")
    yield refusal("a map", b"\x82\x00\x05\x01\x01")
    yield refusal("a map that names the prototype", b"\x92\x05\x81\xa9__proto__\x81\xa1x\x01")
    yield refusal("a text that names a frame", b"\x92\xa4Done\x01")
    yield refusal("an unknown tag", b"\x92\x63\x01")
    yield refusal("a tag below 0", b"\x92\xff\x01")
    yield refusal("a tag beyond 64 bits", b"\x92\xcf" + b"\xff" * 8 + b"\x01")
    yield refusal("a tag that is a float", b"\x92\xcb" + struct.pack(">d", 5.0) + b"\x01")
    yield refusal("an id that is a short float", b"\x92\x05\xca" + struct.pack(">f", 1.0))
    yield refusal("an id beyond 2^53", b"\x92\x05\xcf" + struct.pack(">Q", 2**53))
    yield refusal("an id of 64 ones", b"\x92\x05\xcf" + b"\xff" * 8)
    yield refusal("an id far below 0", b"\x92\x05\xd3" + struct.pack(">q", -(2**63)))
    yield refusal("four thousand million fields", b"\xdd\xff\xff\xff\xff\x05")
    yield refusal("four gigabytes of nonce", b"\x95\x01\x01\xa1x\xc6\xff\xff\xff\xff")
    yield refusal("four gigabytes of text", b"\x92\x37\xdb\xff\xff\xff\xff")
    yield refusal("four thousand million items", b"\x93\x29\x01\xdd\xff\xff\xff\xff")
    yield refusal("an array in an array, 2,000 deep", b"\x91" * 2_000)
    yield refusal("items in items, 2,000 deep", b"\x93\x29\x01" + b"\x91" * 2_000)
    yield refusal("a type that msgpack does not have", b"\x92\x05\xc1")
    yield refusal("two frames", b"\x92\x05\x01\x92\x05\x02")
    yield refusal("a time of msgpack", b"\x92\x05\xd6\xff\x00\x00\x00\x01")
    for why, text in {
        "a lone byte": b"\xff",
        "half a surrogate pair": b"\xed\xa0\x80",
        "a slash in two bytes": b"\xc0\xaf",
        "a character that ends too early": b"x\xe2\x82",
        "a character beyond Unicode": b"\xf4\x90\x80\x80",
    }.items():
        yield refusal(f"not UTF-8: {why}", b"\x92\x37" + bytes([0xA0 + len(text)]) + text)


def longer() -> Iterator[dict[str, object]]:
    """Msgpack that takes more bytes than it must: read all the same."""
    done = written(f.Done(5))
    for encoded in (
        b"\x92\x05\xcc\x05",
        b"\x92\x05\xcd\x00\x05",
        b"\x92\x05\xce\x00\x00\x00\x05",
        b"\x92\x05\xcf" + struct.pack(">Q", 5),
        b"\x92\x05\xd0\x05",
        b"\x92\x05\xd1\x00\x05",
        b"\x92\x05\xd2\x00\x00\x00\x05",
        b"\x92\x05\xd3" + struct.pack(">q", 5),
        b"\x92\xcc\x05\x05",
        b"\xdc\x00\x02\x05\x05",
        b"\xdd\x00\x00\x00\x02\x05\x05",
    ):
        yield {"frame": "Done", "values": done, "encoded": encoded.hex()}
    mark = "\ufeffcem"
    for head in (b"\xd9\x06", b"\xda\x00\x06", b"\xdb\x00\x00\x00\x06"):
        encoded = b"\x92\x37" + head + mark.encode()
        yield {"frame": "DeviceListMoved", "values": {"name": mark}, "encoded": encoded.hex()}
    brief = f.Refused(1, "bad_name", "No.", "local", 7)
    encoded = msgspec.msgpack.encode([6, 1, "bad_name", "No.", "local", 7])
    yield {"frame": "Refused", "values": written(brief), "encoded": encoded.hex()}


def cases() -> dict[str, object]:
    """All cases."""
    return {
        "version": f.PROTOCOL_VERSION,
        "limits": {
            "MAX_INTEGER": f.MAX_INTEGER,
            "FRAME_BYTES": codec.FRAME_BYTES,
            "BUNDLE_BYTES": codec.BUNDLE_BYTES,
            "MESSAGE_BYTES": codec.MESSAGE_BYTES,
            "BLOB_CHUNK_BYTES": blobs.BLOB_CHUNK_BYTES,
            "MAX_BLOB_BYTES": blobs.MAX_BLOB_BYTES,
            "PAIRING_MESSAGE_BYTES": linking.PAIRING_MESSAGE_BYTES,
            "PAIRING_MESSAGES": linking.PAIRING_MESSAGES,
            "BACKUP_RECORD_BYTES": linking.BACKUP_RECORD_BYTES,
            "MOST_REPORTED": reports.MOST_REPORTED,
            "NOTE_CHARACTERS": reports.NOTE_CHARACTERS,
            "DISCLOSED_BYTES": reports.DISCLOSED_BYTES,
            "PROFILE_BYTES": profiles.PROFILE_BYTES,
            "MOST_FOUND": profiles.MOST_FOUND,
        },
        "frames": frames(),
        "session": session(),
        "examples": [*map(example, CLIENT + SERVER), *at_the_limits(beyond=False)],
        "longer": list(longer()),
        "beyond": list(at_the_limits(beyond=True)),
        "refused": list(refused()),
    }


def text() -> str:
    """The file: a line for each case."""
    parts = []
    for name, part in cases().items():
        if isinstance(part, list):
            lines = ",\n".join(f"    {json.dumps(one, ensure_ascii=False)}" for one in part)
            parts.append(f"  {json.dumps(name)}: [\n{lines}\n  ]")
        else:
            parts.append(f"  {json.dumps(name)}: {json.dumps(part)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
