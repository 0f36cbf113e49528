"""Who may vote: what is known of a voter, of codes by letter and of the roll."""

from datetime import date

from django.db.models import Count, Q, QuerySet

from participation.models import CodeBatch, Membership, Organisation, Person, Phase, VotingCode
from participation.rules.electorate import Eligibility, Terms, Voter


def terms_of(phase: Phase) -> Terms:
    """Who may vote in this phase?"""
    return Terms(Eligibility(phase.eligibility), phase.min_age, phase.takes_paper)


def voter_in(phase: Phase, person: Person) -> Voter:
    """What do the rules need to know of this person?

    Cost     no query in a vote for everybody with a mail address and of any age.
    """
    asks_member = phase.eligibility == Eligibility.VERIFIED or phase.min_age is not None
    member = (
        Membership.objects.filter(organisation=phase.project.organisation_id, person=person).first()
        if asks_member
        else None
    )
    has_code = phase.eligibility == Eligibility.CODE and codes_of(phase, person).exists()
    return Voter(
        has_mail=person.email is not None,
        is_verified=member is not None and member.verified_at is not None,
        has_code=has_code,
        born_on=member.born_on if member else None,
    )


def codes_of(phase: Phase, person: Person) -> QuerySet[VotingCode]:
    """Which code did this person use in this phase? One at most."""
    return VotingCode.objects.filter(phase=phase, person=person)


def codes_found(organisation: Organisation, locator: str) -> list[VotingCode]:
    """Which codes of the town have this locator? One a vote at most, and one that verifies residents.

    Cost     two queries, so that each finds its index.
    """
    phases = Phase.objects.filter(project__organisation=organisation, kind="vote").values("pk")
    rows = VotingCode.objects.filter(locator=locator).select_related("batch", "person", "phase__project")
    return [*rows.filter(phase__in=phases), *rows.filter(organisation=organisation)]


def holder_of_letter(phase_id: int, person_id: object) -> Person | None:
    """The person without a mail address who votes by letter in this phase and is known by this key, if any."""
    if not isinstance(person_id, int):
        return None
    return Person.objects.filter(pk=person_id, email=None, is_active=True, codes__phase=phase_id).first()


def prints_of(of: Phase | Organisation) -> QuerySet[CodeBatch]:
    """The prints for a vote, or those that verify the residents of a town."""
    return CodeBatch.objects.filter(phase=of) if isinstance(of, Phase) else CodeBatch.objects.filter(organisation=of)


def batches_of(of: Phase | Organisation) -> QuerySet[CodeBatch]:
    """These prints, latest first, with how many of their codes were used (``n_used``) and are left (``n_unused``)."""
    return (
        prints_of(of)
        .select_related("made_by")
        .annotate(
            n_used=Count("codes", filter=Q(codes__used_at__isnull=False)),
            n_unused=Count("codes", filter=Q(codes__used_at=None)),
        )
        .order_by("-made_at", "-pk")
    )


def locators_of(of: Phase | Organisation) -> set[str]:
    """Which locators are taken among the codes of this vote, or among those that verify residents?"""
    return set(VotingCode.objects.filter(batch__in=prints_of(of)).values_list("locator", flat=True))


def member_by_roll_key(organisation: Organisation, roll_key: bytes) -> Membership | None:
    """Who of the town has this name and day of birth?"""
    return Membership.objects.filter(organisation=organisation, roll_key=roll_key).select_related("person").first()


def member_of(organisation: Organisation, person: Person) -> Membership | None:
    """What is known of this person in the town?"""
    return Membership.objects.filter(organisation=organisation, person=person).first()


def person_by_mail(email: str) -> Person | None:
    """Who has this mail address?"""
    return Person.objects.filter(email=email).first()


def verified_counts(organisation: Organisation) -> dict[str, int]:
    """How many people are verified, by how the town knows them."""
    rows = (
        Membership.objects.filter(organisation=organisation, verified_at__isnull=False)
        .values_list("verified_by")
        .annotate(n=Count("pk"))
    )
    return dict(rows.order_by("verified_by"))


def verified_since(organisation: Organisation, day: date) -> int:
    """How many people were verified from this day on?"""
    return Membership.objects.filter(organisation=organisation, verified_at__date__gte=day).count()
