"""Pages by cursor: whatever comes in meanwhile, nothing is given twice or left out."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from django.db.models import Model, Q, QuerySet
from ninja import Field

from participation.rules.refusals import Code, Refused

Row = TypeVar("Row", bound=Model)
# PostgreSQL's smallest and largest whole number of the kind that keys are.
INTEGER_MAX = 2**63 - 1
A_PAGE, PAGE_MAX = 50, 200

Limit = Annotated[int, Field(ge=1, le=PAGE_MAX)]
Cursor = Annotated[str | None, Field(max_length=500)]


def page(
    rows: "QuerySet[Row]", order: Sequence[str], *, cursor: str | None, limit: int
) -> tuple[list[Row], str | None]:
    """The rows behind ``cursor`` in this order, and the cursor of the page behind them.

    ``order`` names columns that are never empty, a minus before those that run from high to low; together they are
    unique.

    Refuses  request.bad for a cursor that is none.
    """
    rows = rows.order_by(*order)
    names = [name.lstrip("-") for name in order]
    if cursor is not None:
        values = _read(cursor, rows, names)
        found, so_far = Q(), Q()
        for name, column, value in zip(order, names, values, strict=True):
            found |= so_far & Q(**{f"{column}__{'lt' if name.startswith('-') else 'gt'}": value})
            so_far &= Q(**{column: value})
        rows = rows.filter(found)
    # One more than the page holds says whether there is another page.
    got = list(rows[: limit + 1])
    if len(got) <= limit:
        return got, None
    last = got[limit - 1]
    return got[:limit], _written([getattr(last, name) for name in names])


def page_of_names(names: Iterable[str], *, cursor: str | None, limit: int) -> tuple[list[str], str | None]:
    """The names behind ``cursor`` by the alphabet, and the cursor of the page behind them: the last name given."""
    left = sorted(name for name in names if cursor is None or name > cursor)
    return left[:limit], left[limit - 1] if len(left) > limit else None


def _written(values: Sequence[Any]) -> str:
    told = [each.isoformat() if isinstance(each, datetime) else each for each in values]
    return urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _read(cursor: str, rows: "QuerySet[Row]", names: Sequence[str]) -> list[Any]:
    try:
        told = json.loads(urlsafe_b64decode(cursor.encode() + b"=="))
        if not isinstance(told, list) or len(told) != len(names):
            raise ValueError(cursor[:40])
        return [_as_column(rows, name, value) for name, value in zip(names, told, strict=True)]
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused(Code.REQUEST_BAD) from error


def _as_column(rows: "QuerySet[Row]", name: str, value: Any) -> Any:
    """A value that this column could hold; anything else is no cursor of ours."""
    kind = rows.model._meta.get_field(name).get_internal_type()
    if kind == "DateTimeField" and isinstance(value, str):
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise ValueError(value[:40])
        return found
    if kind == "CharField" and isinstance(value, str) and "\0" not in value:
        return value.encode().decode()
    if kind not in {"DateTimeField", "CharField"} and type(value) is int and abs(value) <= INTEGER_MAX:
        return value
    raise ValueError(str(value)[:40])
