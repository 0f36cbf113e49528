"""Makes the role that the server and its worker connect as, and tells what a connection could do to votes.

The owner of the tables (migrations, commands) can switch triggers off; the server never needs that. Its role may
add ballots and never change them, so that a hole in the server cannot rewrite a vote.
"""

from typing import NamedTuple

from django.db import connection
from psycopg import sql as psql

# The private database of the demo uses the same name (config/embedded.py).
WEB_ROLE = "kiesplek_web"

# What the server may do with these, where it is less than reading, adding, changing and deleting. A person who is
# erased leaves an empty name behind on records and ballots; a later closing time is agreed to.
GUARDED = {
    "django_migrations": "SELECT",
    "participation_organisation": "SELECT, INSERT, UPDATE",
    "participation_project": "SELECT, INSERT, UPDATE",
    # A phase that did not begin may go (trigger phase_kept).
    "participation_phase": "SELECT, INSERT, UPDATE, DELETE",
    "participation_record": "SELECT, INSERT, UPDATE (person_id)",
    "participation_extension": "SELECT, INSERT, UPDATE (agreed_by_id, agreed_at)",
    "participation_ballot": "SELECT, INSERT, UPDATE (person_id)",
    "participation_ballotcast": "SELECT, INSERT",
    "participation_vote": "SELECT, INSERT",
    "participation_tallyrow": "SELECT, INSERT",
}
FULL = "SELECT, INSERT, UPDATE, DELETE"

# Tables of our own in the schema of the migrations; what an extension brought (spatial_ref_sys) is readable as it is.
OWN_TABLES = """
SELECT relname, oid FROM pg_class
 WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype = 'e')
 ORDER BY relname
"""
MAY_MAKE_ROLES = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
ROLE_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)"
# Being the owner, or a member of the owner's role, is enough to switch a trigger off.
CAN_CHANGE_VOTES = """
SELECT COALESCE(bool_or(pg_has_role(%(role)s, relowner, 'MEMBER')
                        OR has_table_privilege(%(role)s, oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')), false)
  FROM pg_class
 WHERE relnamespace = current_schema()::regnamespace
   AND relname IN ('participation_ballotcast', 'participation_vote', 'participation_tallyrow')
"""
STATE = f"""
SELECT current_user, ({CAN_CHANGE_VOTES % {"role": "current_user"}}),
       ARRAY(SELECT name FROM pg_settings WHERE setting = 'off'
                AND name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums') ORDER BY name),
       ARRAY(SELECT relname FROM ({OWN_TABLES}) t
              WHERE NOT has_table_privilege(oid, 'SELECT'))
"""  # noqa: S608 -- names of our own


class State(NamedTuple):
    """What a connection is: its role, whether that could change votes, which settings against loss are off,
    and which tables it may not read."""

    role: str
    can_change_votes: bool
    off: list[str]
    unreadable: list[str]


def state() -> State:
    """Ask the database what this connection may do, and whether what it confirms survives a crash."""
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return State(*cursor.fetchone())


def role_exists(name: str) -> bool:
    """Is there such a role on this server?"""
    return bool(_value(ROLE_EXISTS, name))


def may_make_roles() -> bool:
    """May this connection make roles?"""
    return bool(_value(MAY_MAKE_ROLES))


def can_change_votes(name: str) -> bool:
    """Could this role change a vote that was cast?"""
    with connection.cursor() as cursor:
        cursor.execute(CAN_CHANGE_VOTES, {"role": name})
        return bool(cursor.fetchone()[0])


def make_role(name: str) -> None:
    """Make a role that can connect and nothing else."""
    _run(psql.SQL("CREATE ROLE {} LOGIN").format(psql.Identifier(name)))


def set_password(name: str, password: str) -> None:
    """Give a role its password."""
    _run(psql.SQL("ALTER ROLE {} PASSWORD {}").format(psql.Identifier(name), psql.Literal(password)))


def grant(name: str) -> int:
    """Give a role what the server needs, and take from it what it does not: how many tables that were.

    Called again after every migration: a table that is new is granted then.
    """
    role = psql.Identifier(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_schema()")
        database, schema = map(psql.Identifier, cursor.fetchone())
        cursor.execute(OWN_TABLES)
        tables = [row[0] for row in cursor.fetchall()]
    _run(psql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role))
    _run(psql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
    _run(psql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC, {}").format(schema, role))
    for table in tables:
        what = psql.SQL(GUARDED.get(table, FULL))
        place = psql.Identifier(table)
        _run(psql.SQL("REVOKE ALL ON {} FROM {}, PUBLIC").format(place, role))
        _run(psql.SQL("GRANT {} ON {} TO {}").format(what, place, role))
    _run(psql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schema, role))
    return len(tables)


def _value(statement: str, *values: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def _run(statement: psql.Composed) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.cursor))
