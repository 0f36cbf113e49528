"""Says which sites may show the town's projects within their own pages."""

from django.db import transaction

from participation.models import Organisation, Person, Record
from participation.rules.embedding import sites
from participation.rules.refusals import Code, Refused
from participation.rules.roles import DeskAct
from participation.selectors.roles import may_in_town


@transaction.atomic
def set_embed_hosts(*, organisation: Organisation, text: str, by: Person) -> list[str]:
    """Name the sites, one a line; none for nobody.

    Refuses  person.not_staff, embed.bad_site, embed.too_many.
    """
    if not may_in_town(organisation, by, DeskAct.TOKENS):
        raise Refused(Code.NOT_STAFF)
    hosts = sites(text)
    Organisation.objects.filter(pk=organisation.pk).update(embed_hosts=hosts)
    Record.objects.create(
        organisation=organisation, person=by, act="embedding.set", subject=str(len(hosts)), detail={"hosts": hosts}
    )
    return hosts
