"""What waits for staff, over all projects of a town, and what staff know of one piece."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from participation.models import (
    AnswerTemplate,
    AuthorMail,
    Comment,
    FormVersion,
    Handling,
    Membership,
    Note,
    Organisation,
    Person,
    Project,
    Proposal,
    Report,
)
from participation.rules.roles import DESK_ACTS, DeskAct, Role
from participation.selectors.comments import comments_on


class Pile(StrEnum):
    """Which part of the queue."""

    WAITING = "submitted"
    REPORTED = "reported"
    PUBLIC = "published"
    HIDDEN = "hidden"
    MERGED = "merged"


class Whose(StrEnum):
    """Who looks after it."""

    ANYBODY = ""
    MINE = "mine"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Sieve:
    """What of the queue is looked at; empty is all. ``text`` are words of the title, or a number."""

    pile: Pile = Pile.WAITING
    project: str = ""
    tag: str = ""
    whose: Whose = Whose.ANYBODY
    text: str = ""

    @property
    def any(self) -> bool:
        """Is anything sifted?"""
        return bool(self.project or self.tag or self.whose or self.text)


def projects_at_the_desk(organisation: Organisation) -> QuerySet[Project]:
    """All projects of a town, drafts included: how many proposals wait (``n_waiting``), was anything asked (``asks``)?

    Cost     a few milliseconds however many proposals are public: every page of the desk asks this.
    """
    return (
        Project.objects.filter(organisation=organisation)
        .defer("area")
        .prefetch_related("phases")
        .annotate(
            n_waiting=_n_proposals(state=Proposal.State.SUBMITTED),
            asks=Exists(FormVersion.objects.filter(project=OuterRef("pk"))),
        )
        .order_by("-n_waiting", "slug")
    )


def with_counts(projects: QuerySet[Project]) -> QuerySet[Project]:
    """The same projects, also with how many proposals are public and on the ballot (``n_public``, ``n_on_ballot``)."""
    return projects.annotate(
        n_public=_n_proposals(state=Proposal.State.PUBLISHED), n_on_ballot=_n_proposals(on_ballot=True)
    )


def _n_proposals(**which: object) -> Coalesce:
    rows = Proposal.objects.filter(project=OuterRef("pk"), **which).order_by().values("project")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


def _pile(pile: Pile) -> Q:
    reported = Report.objects.filter(settled_at=None).values("proposal")
    if pile is Pile.WAITING:
        # A comment that waits brings its proposal along, whatever state that is in.
        comments = Comment.objects.filter(state=Comment.State.SUBMITTED).values("proposal")
        return Q(state=Proposal.State.SUBMITTED) | Q(pk__in=comments)
    return Q(pk__in=reported) if pile is Pile.REPORTED else Q(state=pile.value)


def queue(organisation: Organisation, sieve: Sieve, person: Person) -> QuerySet[Proposal]:
    """The proposals that pass this sieve.

    Order    what waits longest or was reported comes first; of what was decided the newest.
    """
    rows = Proposal.objects.filter(_pile(sieve.pile), project__organisation=organisation)
    if sieve.project:
        rows = rows.filter(project__slug=sieve.project)
    if sieve.tag:
        rows = rows.filter(handling__tags__contains=[sieve.tag])
    if sieve.whose is Whose.MINE:
        rows = rows.filter(handling__assignee=person)
    elif sieve.whose is Whose.NOBODY:
        rows = rows.filter(handling__assignee=None)
    if sieve.text.isdecimal() and len(sieve.text) < 10:
        rows = rows.filter(number=int(sieve.text))
    elif sieve.text:
        rows = rows.filter(folded__contains=Func(Value(sieve.text), function="participation_folded"))
    order = "created_at" if sieve.pile in {Pile.WAITING, Pile.REPORTED} else "-created_at"
    return rows.order_by(order, "pk")


def in_state(project: Project, state: str) -> QuerySet[Proposal]:
    """The proposals of one project in one state; what waits longest comes first, what was decided last comes first."""
    order = "created_at" if state == Proposal.State.SUBMITTED else "-created_at"
    return (
        Proposal.objects.filter(project=project, state=state)
        .select_related("area", "theme", "author", "inventory_object")
        .order_by(order, "number")
    )


def listed(rows: QuerySet[Proposal]) -> list[Proposal]:
    """What the list of the queue shows of a page of rows, with how many reports are open of each (``n_reports``).

    Cost     two queries: the first orders keys alone, so that of all that waits only this page is joined with the rest.
    """
    keys = list(rows.values_list("pk", flat=True))
    found = {row.pk: row for row in _with_all(Proposal.objects.filter(pk__in=keys))}
    return [found[key] for key in keys if key in found]


def _with_all(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    return (
        rows.select_related("project", "area", "theme", "author", "handling__assignee", "merged_into")
        .defer("project__area", "area__outline")
        .annotate(
            n_reports=Coalesce(
                Subquery(
                    Report.objects.filter(proposal=OuterRef("pk"), settled_at=None)
                    .order_by()
                    .values("proposal")
                    .annotate(n=Count("pk"))
                    .values("n")
                ),
                0,
            )
        )
    )


def tags_in_use(organisation: Organisation, *, most: int = 100) -> list[str]:
    """Which tags do staff use, by name?"""
    words = Handling.objects.filter(proposal__project__organisation=organisation)
    return list(
        words.annotate(tag=Func(F("tags"), function="unnest"))
        .values_list("tag", flat=True)
        .distinct()
        .order_by("tag")[:most]
    )


def moderators(organisation: Organisation) -> list[Person]:
    """Who may look after proposals in this town, by name?"""
    roles = [role.value for role in Role if DeskAct.MODERATE in DESK_ACTS[role]]
    rows = Membership.objects.filter(organisation=organisation, role__in=roles, person__is_active=True)
    return [row.person for row in rows.select_related("person").order_by("person__public_name", "person_id")]


def templates_of(organisation: Organisation) -> QuerySet[AnswerTemplate]:
    """The town's words for answers, by name."""
    return AnswerTemplate.objects.filter(organisation=organisation)


@dataclass(frozen=True, slots=True)
class Dossier:
    """What staff keep about one piece, first to last each."""

    notes: Sequence[Note]
    author_mails: Sequence[AuthorMail]
    reports: Sequence[Report]
    comments: Sequence[Comment]


def dossier(piece: Proposal) -> Dossier:
    """All that staff know of this piece; reports that were not looked at, comments that wait or were reported."""
    reports = list(Report.objects.filter(proposal=piece, settled_at=None).select_related("person"))
    asked = Q(state=Comment.State.SUBMITTED) | Q(pk__in=[row.comment_id for row in reports if row.comment_id])
    return Dossier(
        notes=list(Note.objects.filter(proposal=piece).select_related("author")),
        author_mails=list(AuthorMail.objects.filter(proposal=piece).select_related("by")),
        reports=reports,
        comments=list(comments_on(piece).filter(asked).select_related("author").order_by("created_at", "pk")),
    )
