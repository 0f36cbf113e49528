"""What the Mapbox vector tile specification (2.1) asks of a tile, byte by byte; knows no library that reads tiles."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 7
POINT, LINE, POLYGON = 1, 2, 3
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# Field of a value -> how it is written: text, float, double, int, uint, sint, bool.
VALUES = {1: BYTES, 2: FIXED32, 3: FIXED64, 4: VARINT, 5: VARINT, 6: VARINT, 7: VARINT}


class Fault(ValueError):  # noqa: N818 -- what the tile does wrong
    """A tile that breaks a rule."""


class Field(NamedTuple):
    """One field of a protobuf message, as it lies there."""

    number: int
    wire: int
    value: int
    content: bytes


def fields(message: bytes) -> Iterator[Field]:
    """The fields of a message, in order."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        number, wire = key >> 3, key & 7
        value, size = 0, {FIXED64: 8, FIXED32: 4}.get(wire, 0)
        if wire == VARINT:
            value, at = varint(message, at)
        elif wire == BYTES:
            size, at = varint(message, at)
        elif not size:
            raise Fault(f"wire type {wire}")
        if at + size > len(message):
            raise Fault("a field ends beyond its message")
        yield Field(number, wire, value, message[at : at + size])
        at += size


def varint(message: bytes, at: int) -> tuple[int, int]:
    """The number that begins here, and where the next thing begins."""
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise Fault("a number does not end")
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def packed(content: bytes) -> list[int]:
    """The numbers of a packed field."""
    found, at = [], 0
    while at < len(content):
        number, at = varint(content, at)
        found.append(number)
    return found


def check(tile: bytes) -> None:
    """Hold a tile against every rule.

    Raises   Fault.
    """
    names: Counter[bytes] = Counter()
    for field in fields(tile):
        if field.number != 3 or field.wire != BYTES:
            raise Fault(f"a tile has no field {field.number}")
        names[_layer(field.content)] += 1
    if any(n > 1 for n in names.values()):
        raise Fault("two layers of one name")


def _layer(message: bytes) -> bytes:
    found: dict[int, list[Field]] = {}
    for field in fields(message):
        found.setdefault(field.number, []).append(field)
    wires = {15: VARINT, 1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT}
    for number, several in found.items():
        if number not in wires or any(field.wire != wires[number] for field in several):
            raise Fault(f"field {number} of a layer")
    if [field.value for field in found.get(15, [])] not in ([1], [2]):
        raise Fault("a layer says its version once, and it is 1 or 2")
    if len(found.get(1, [])) != 1 or not found[1][0].content:
        raise Fault("a layer has one name")
    if len(found.get(5, [])) > 1:
        raise Fault("a layer has one extent")
    for field in found.get(3, []):
        field.content.decode()
    for field in found.get(4, []):
        _value(field.content)
    keys = [field.content for field in found.get(3, [])]
    if len(set(keys)) != len(keys):
        raise Fault("a key stands there twice")
    for field in found.get(2, []):
        _feature(field.content, len(keys), len(found.get(4, [])))
    return found[1][0].content


def _value(message: bytes) -> None:
    found = list(fields(message))
    if len(found) != 1 or VALUES.get(found[0].number) != found[0].wire:
        raise Fault("a value is of exactly one known kind")


def _feature(message: bytes, n_keys: int, n_values: int) -> None:
    found: dict[int, list[Field]] = {}
    for field in fields(message):
        found.setdefault(field.number, []).append(field)
    wires = {1: VARINT, 2: BYTES, 3: VARINT, 4: BYTES}
    for number, several in found.items():
        if number not in wires or len(several) > 1 or several[0].wire != wires[number]:
            raise Fault(f"field {number} of a feature")
    if 3 not in found or not 0 <= found[3][0].value <= POLYGON:
        raise Fault("a feature says of which type it is")
    if 4 not in found:
        raise Fault("a feature has a geometry")
    tags = packed(found[2][0].content) if 2 in found else []
    if len(tags) % 2 or any(key >= n_keys for key in tags[::2]) or any(value >= n_values for value in tags[1::2]):
        raise Fault("tags are pairs of a key and a value of the layer")
    if len(set(tags[::2])) != len(tags) // 2:
        raise Fault("a feature has a key twice")
    _geometry(packed(found[4][0].content), found[3][0].value)


def commands(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """The commands of a geometry: which, and how often."""
    at = 0
    while at < len(numbers):
        command, n = numbers[at] & 7, numbers[at] >> 3
        if command not in {MOVE_TO, LINE_TO, CLOSE_PATH}:
            raise Fault(f"command {command}")
        at += 1 + (0 if command == CLOSE_PATH else 2 * n)
        if at > len(numbers):
            raise Fault("a command lacks coordinates")
        if command == LINE_TO and (0, 0) in zip(
            numbers[at - 2 * n : at : 2], numbers[at - 2 * n + 1 : at : 2], strict=True
        ):
            raise Fault("a line goes nowhere")
        yield command, n


def _geometry(numbers: list[int], kind: int) -> None:
    found = list(commands(numbers))
    if kind == POINT and not (len(found) == 1 and found[0][0] == MOVE_TO and found[0][1] > 0):
        raise Fault("points are one MoveTo")
    if kind == LINE:
        _pieces(found, [MOVE_TO, LINE_TO])
    if kind == POLYGON:
        _pieces(found, [MOVE_TO, LINE_TO, CLOSE_PATH])


def _pieces(found: list[tuple[int, int]], each: list[int]) -> None:
    """A line or a ring: one MoveTo, enough LineTo, and for a ring one ClosePath."""
    least = {MOVE_TO: 1, LINE_TO: len(each) - 1, CLOSE_PATH: 1}
    if not found or [command for command, _ in found] != each * (len(found) // len(each)):
        raise Fault("lines and rings are drawn command by command")
    for command, n in found:
        if n < least[command] or (command != LINE_TO and n != 1):
            raise Fault("a command stands there as often as its kind allows")
