"""Fingerprints of what a computation was given and of what came out: the same facts, the same text."""

import json
from hashlib import sha256
from math import isfinite


def digest(facts: object) -> str:
    """The fingerprint of plain facts (numbers, texts, lists, mappings), whatever order their mappings are in."""
    return sha256(json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()).hexdigest()


def plain(number: float) -> float | None:
    """A number as it is kept: to a thousandth, and nothing where it is not a number."""
    return round(float(number), 3) if isfinite(number) else None


def differences(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Which facts of two stamps are not the same, by name; layers as ``layers.<slug>``."""
    found = []
    for name in sorted(set(before) | set(after)):
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            found += [f"{name}.{part}" for part in sorted(set(old) | set(new)) if old.get(part) != new.get(part)]
        elif old != new:
            found.append(name)
    return found
