"""Who hears of a proposal: its author and supporters unless they said no, and whoever asked to.

What was joined with another proposal is heard of there: whoever follows it follows the other one too, unless they
said no to that one.
"""

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from participation.models import Follow, Organisation, Person, Project, Proposal, Support


def followed_by(person: Person) -> QuerySet[Proposal]:
    """Which proposals does this person hear of?"""
    refused = Follow.objects.filter(person=person, wanted=False).values("proposal")
    wanted = Follow.objects.filter(person=person, wanted=True).values("proposal")
    own = Q(author=person) | Q(pk__in=Support.objects.filter(person=person).values("proposal")) | Q(pk__in=wanted)
    direct = Proposal.objects.filter(own).exclude(pk__in=refused)
    through = direct.filter(merged_into__isnull=False).values("merged_into")
    return Proposal.objects.filter(Q(pk__in=direct.values("pk")) | Q(pk__in=through)).exclude(pk__in=refused)


def followed_in(person: Person, organisation: Organisation) -> QuerySet[Proposal]:
    """Which proposals of this town does this person hear of, as far as they may see them?"""
    seen = Q(state=Proposal.State.PUBLISHED) | Q(author=person)
    return (
        followed_by(person).filter(seen, project__organisation=organisation).exclude(project__state=Project.State.DRAFT)
    )


def follows(person: Person | AnonymousUser, proposal: Proposal) -> bool:
    """Does this person hear of this proposal?"""
    return isinstance(person, Person) and followed_by(person).filter(pk=proposal.pk).exists()


def followers(proposals: Collection[int]) -> set[tuple[int, int]]:
    """Who follows each of these proposals themselves: pairs of proposal and person, mailable or not."""
    rows = Proposal.objects.filter(pk__in=proposals)
    said = list(Follow.objects.filter(proposal__in=proposals).values_list("proposal_id", "person_id", "wanted"))
    found: set[tuple[int, int]] = set(rows.filter(author__isnull=False).values_list("pk", "author_id"))
    found |= set(Support.objects.filter(proposal__in=proposals).values_list("proposal_id", "person_id"))
    found |= {(proposal, person) for proposal, person, wanted in said if wanted}
    return found - {(proposal, person) for proposal, person, wanted in said if not wanted}


def people_to_tell(proposals: Collection[int]) -> list[int]:
    """Who hears of something about these proposals by mail, through what was joined with them too?

    Order    rising, each person once.
    """
    joined = dict(Proposal.objects.filter(merged_into__in=proposals).values_list("pk", "merged_into_id"))
    refused = set(Follow.objects.filter(proposal__in=proposals, wanted=False).values_list("proposal_id", "person_id"))
    people = {
        person
        for proposal, person in followers([*proposals, *joined])
        if (joined.get(proposal, proposal), person) not in refused
    }
    return list(
        Person.objects.filter(pk__in=people, is_active=True, email__isnull=False)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
