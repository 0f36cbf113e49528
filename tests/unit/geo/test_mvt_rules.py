"""The rules that tiles are held against can be broken: one tile for each, made by hand, and all that were published."""

import json
from pathlib import Path

import pytest

from config.embedded import ROOT
from tests import mvt

# Mapbox's own examples of right and wrong tiles: beside the checkout, or beside a folder it lies in.
DATA = next((at for above in ROOT.parents if (at := above / "shared/data").is_dir()), ROOT.parent / "shared/data")
PUBLISHED = DATA / "mvt_fixtures/fixtures"
# Said to be right, though the same bytes (003), or the same commands (051), are said to be wrong: no check can tell
# them apart, and ours is the stricter one.
BOTH_WAYS = {"016": "003", "057": "051"}


def field(number: int, wire: int, content: bytes | int) -> bytes:
    """One field as it lies in a message."""
    key = bytes([number << 3 | wire])
    if isinstance(content, int):
        return key + bytes([content])
    return key + (bytes([len(content)]) if wire == mvt.BYTES else b"") + content


NAME, VERSION, EXTENT = field(1, 2, b"pins"), field(15, 0, 2), field(5, 0, 100)
KEY, VALUE = field(3, 2, b"n"), field(4, 2, field(4, 0, 7))
AT = [9, 50, 34]  # MoveTo once, to 25, 17


def feature(
    *, tags: bytes | None = bytes([0, 0]), kind: int | None = mvt.POINT, geometry: list[int] | None = AT
) -> bytes:
    """A feature of a layer."""
    parts = [
        field(2, 2, tags) if tags is not None else b"",
        field(3, 0, kind) if kind is not None else b"",
        field(4, 2, bytes(geometry)) if geometry is not None else b"",
    ]
    return field(2, 2, b"".join(parts))


def layer(*parts: bytes) -> bytes:
    """A tile of one layer."""
    return field(3, 2, b"".join(parts))


def plain(*features: bytes) -> bytes:
    """A tile of these features."""
    return layer(VERSION, NAME, *features, KEY, VALUE, EXTENT)


LINE = [9, 4, 4, 18, 0, 16, 16, 0]
RING = [9, 6, 12, 18, 10, 12, 24, 44, 15]

RIGHT = {
    "nothing": b"",
    "one point": plain(feature()),
    "no tags": plain(feature(tags=None)),
    "two points in one": plain(feature(geometry=[17, 10, 14, 3, 9])),
    "a line": plain(feature(kind=mvt.LINE, geometry=LINE)),
    "a ring": plain(feature(kind=mvt.POLYGON, geometry=RING)),
    "two layers": plain(feature()) + layer(VERSION, field(1, 2, b"other")),
    "an empty layer": layer(VERSION, NAME),
}
WRONG = {
    "a field of no tile": field(4, 2, b""),
    "no name": layer(VERSION, feature(), KEY, VALUE),
    "an empty name": layer(VERSION, field(1, 2, b""), feature(), KEY, VALUE),
    "no version": layer(NAME, feature(), KEY, VALUE),
    "version 9": layer(field(15, 0, 9), NAME, feature(), KEY, VALUE),
    "a version in words": layer(field(15, 2, b"2"), NAME),
    "an extent in words": layer(VERSION, NAME, field(5, 2, b"100")),
    "one name twice": plain(feature()) + plain(feature()),
    "one key twice": layer(VERSION, NAME, feature(), KEY, KEY, VALUE),
    "a key that is a number": layer(VERSION, NAME, field(3, 0, 1)),
    "a value of two kinds": layer(VERSION, NAME, field(4, 2, field(4, 0, 7) + field(7, 0, 1))),
    "a value of no kind": layer(VERSION, NAME, field(4, 2, b"")),
    "a value of an unknown kind": layer(VERSION, NAME, field(4, 2, field(8, 0, 1))),
    "a number under the name of a text": layer(VERSION, NAME, field(4, 2, field(1, 0, 1))),
    "a tag alone": plain(feature(tags=bytes([0]))),
    "a tag to no key": plain(feature(tags=bytes([1, 0]))),
    "a tag to no value": plain(feature(tags=bytes([0, 1]))),
    "one key of a feature twice": plain(feature(tags=bytes([0, 0, 0, 0]))),
    "no type": plain(feature(kind=None)),
    "type 8": plain(feature(kind=8)),
    "no geometry": plain(feature(geometry=None)),
    "two geometries": layer(VERSION, NAME, field(2, 2, field(3, 0, 1) + 2 * field(4, 2, bytes(AT)))),
    "half a place": plain(feature(geometry=[9, 50])),
    "a point that is drawn as a line": plain(feature(geometry=LINE)),
    "a line that ends as a ring": plain(feature(kind=mvt.LINE, geometry=[*LINE, 15])),
    "a ring that does not end": plain(feature(kind=mvt.POLYGON, geometry=RING[:-1])),
    "a line that stays where it is": plain(feature(kind=mvt.LINE, geometry=[9, 4, 4, 18, 0, 16, 0, 0])),
    "a ring closed twice": plain(feature(kind=mvt.POLYGON, geometry=[*RING[:-1], 23])),
    "a command that there is not": plain(feature(geometry=[12, 50, 34])),
    "a message cut short": plain(feature())[:-1],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_tile_that_keeps_the_rules_passes(name: str) -> None:
    mvt.check(RIGHT[name])


def passes(tile: bytes) -> bool:
    """Does a tile keep all rules?"""
    try:
        mvt.check(tile)
    except mvt.Fault:
        return False
    return True


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="no published tiles lie beside the checkout")
@pytest.mark.parametrize(
    "folder", sorted(PUBLISHED.iterdir()) if PUBLISHED.is_dir() else [], ids=lambda folder: folder.name
)
def test_published_tiles_are_judged_as_their_makers_say(folder: Path) -> None:
    is_right = json.loads((folder / "info.json").read_text())["validity"]["v2"]
    if folder.name in BOTH_WAYS:
        other = PUBLISHED / BOTH_WAYS[folder.name] / "info.json"
        assert is_right
        assert not json.loads(other.read_text())["validity"]["v2"]
        is_right = False
    assert passes((folder / "tile.mvt").read_bytes()) is is_right


@pytest.mark.parametrize("name", WRONG)
def test_a_tile_that_breaks_one_is_found(name: str) -> None:
    with pytest.raises(mvt.Fault):
        mvt.check(WRONG[name])
