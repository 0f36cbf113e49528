"""The one place with a database cursor; each question is a named .sql file."""

from functools import cache
from pathlib import Path


@cache
def text(name: str) -> str:
    """The question of this name."""
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
