"""How well somebody must be known to act in a project now, and whether they are."""

from django.contrib.auth.models import AnonymousUser

from participation.models import Membership, Organisation, Person, Project
from participation.rules.access import Level, check_access, level_of, level_of_vote
from participation.rules.electorate import Eligibility
from participation.rules.phases import Act
from participation.selectors.projects import Standing


def level_in(project: Project, where: Standing, act: Act) -> Level:
    """Which level does an act ask for now? Where it is not open, what the project says of it."""
    phase = where.opening(act)
    if act is Act.VOTE:
        vote = phase or where.vote
        return level_of_vote(Eligibility(vote.eligibility) if vote else Eligibility.MAIL)
    return level_of(act, phase.access if phase else {}, project.access)


def is_verified(organisation: Organisation, person: Person) -> bool:
    """Does the town know this person as a resident?"""
    return Membership.objects.filter(organisation=organisation, person=person, verified_at__isnull=False).exists()


def require_act(project: Project, where: Standing, act: Act, person: Person | AnonymousUser | None) -> Level:
    """Refuse an act that is not open now, or not for whoever is known so little; gives back the level it asks for.

    Refuses  the codes of the act in rules.phases.CLOSED, person.sign_in_first, access.no_mail, access.not_verified.
    Cost     one query more where residents must be verified.
    """
    where.require(act)
    level = level_in(project, where, act)
    known = person if isinstance(person, Person) else None
    check_access(
        level,
        signed_in=known is not None,
        has_mail=known is not None and known.email is not None,
        is_verified=known is not None and level is Level.VERIFIED and is_verified(project.organisation, known),
    )
    return level
