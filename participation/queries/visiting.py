"""Fetches what every request of somebody signed in needs, without having the same question written anew each time."""

from functools import cache

from django.db import connection
from django.db.models import Model
from psycopg import Cursor

from participation.models import Person, Session


@cache
def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _question() -> str:
    quote = connection.ops.quote_name
    columns = [
        f"{alias}.{quote(str(field.column))}"
        for model, alias in ((Session, "s"), (Person, "p"))
        for field in model._meta.concrete_fields
    ]
    sessions, people = quote(Session._meta.db_table), quote(Person._meta.db_table)
    names = ", ".join(columns)
    return f"SELECT {names} FROM {sessions} s LEFT JOIN {people} p ON p.id = s.person_id WHERE s.session_key = %s"  # noqa: S608 -- names of our own


def visit(key: str) -> tuple[Session | None, Person | None]:
    """Fetch a session by its key, and the person who signed in there.

    Cost     a small part of the manager's ``get``, which spends most of its time on writing and planning the SQL.
    """
    connection.ensure_connection()
    # psycopg's own cursor, because Django's never prepares (participation.queries.voting.cast); times come faster as
    # bytes than as text.
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        row = cursor.execute(_question(), [key], prepare=True, binary=True).fetchone()
    if row is None:
        return None, None
    own, theirs = _names(Session), _names(Person)
    session = Session.from_db(connection.alias, own, row[: len(own)])
    person = row[len(own) :]
    # The key of a person is never empty: that it is says that nobody signed in.
    is_somebody = person[theirs.index("id")] is not None
    return session, Person.from_db(connection.alias, theirs, person) if is_somebody else None
