"""The one place with a database cursor; each question is a named .sql file."""

from functools import cache
from pathlib import Path


@cache
def text(name: str) -> str:
    """The question of this name, without what it says to people: a tile is asked for so often that it counts."""
    lines = (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8").split("\n")
    return "\n".join(told for line in lines if (told := line.partition("--")[0].strip()))
