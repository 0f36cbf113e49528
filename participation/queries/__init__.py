"""The few statements of this app that need a cursor: casting and closing, where every lock must be seen."""

from functools import cache
from pathlib import Path


@cache
def sql(name: str) -> str:
    """Read the statement of this name from its .sql file."""
    return (Path(__file__).parent / f"{name}.sql").read_text()
