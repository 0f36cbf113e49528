"""Reads many numbers at once: a million rows in a second, where one by one takes ten."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from numpy.typing import NDArray
from psycopg import sql

from geo.queries import text

# Of COPY's binary format: its head (if no extension follows it), and the -1 at its end.
_HEAD, _TAIL = 19, 2


def numbers(rows: "QuerySet[Any, Any]", n_columns: int) -> NDArray[np.float64]:
    """The numbers of these rows (``values_list`` of so many columns).

    Shape    (rows, n_columns), in their order; NaN where there is no number.
    """
    try:
        compiled, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return np.empty((0, n_columns))
    with connections[rows.db].cursor() as cursor:
        return copied(cursor, compiled, values, n_columns)


def copied(cursor: Any, question: str, values: Sequence[object], n_columns: int) -> NDArray[np.float64]:
    """The numbers a question answers, by COPY.

    Cost     44 bytes a row of three numbers on the wire, and no Python object a row.
    """
    names = [sql.Identifier(f"kp_{at}") for at in range(n_columns)]
    statement = sql.SQL(text("numbers")).format(
        columns=sql.SQL(", ").join(sql.SQL("coalesce({}::float8, 'NaN')").format(name) for name in names),
        rows=sql.SQL(question),
        names=sql.SQL(", ").join(names),
    )
    with cursor.copy(statement, values or None) as copy:
        held = b"".join(copy)
    line = np.dtype([("n", ">i2"), *((f"{at}{part}", kind) for at in range(n_columns)
                                      for part, kind in (("length", ">i4"), ("value", ">f8")))])  # fmt: skip
    found = np.frombuffer(held, line, count=(len(held) - _HEAD - _TAIL) // line.itemsize, offset=_HEAD)
    columns = [found[f"{at}value"].astype(np.float64) for at in range(n_columns)]
    return np.column_stack(columns)
