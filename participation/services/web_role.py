"""Makes the role the server connects as, or says who must."""

from django.db import transaction

from participation.queries import web_role as queries
from participation.rules.refusals import Code, Refused


@transaction.atomic
def prepare_web_role(name: str, *, password: str = "") -> int:
    """Make the role if it is not there, and give it exactly what the server needs: on how many tables.

    Refuses  role.missing (this connection may not make roles), role.too_strong (the role could change votes).
    """
    if not queries.role_exists(name):
        if not queries.may_make_roles():
            raise Refused(Code.ROLE_MISSING, {"role": name, "owner": queries.state().role})
        queries.make_role(name)
    if password:
        queries.set_password(name, password)
    n_tables = queries.grant(name)
    if queries.can_change_votes(name):
        raise Refused(Code.ROLE_TOO_STRONG, {"role": name})
    return n_tables
