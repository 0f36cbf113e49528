"""What waits for staff, over all projects of a town, and what staff know of one piece."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from participation.models import (
    AnswerSheet,
    AnswerTemplate,
    AuthorMail,
    Comment,
    FormVersion,
    Handling,
    Membership,
    Note,
    Organisation,
    Person,
    Photo,
    Project,
    ProjectRole,
    Proposal,
    Report,
)
from participation.rules.questions import Question
from participation.rules.roles import DESK_ACTS, DeskAct, Role
from participation.selectors.comments import comments_on
from participation.selectors.forms import answers_with
from participation.selectors.merging import Joining, joinings_of

# Of what was said on one piece so much is shown at once: to look at, and of all the rest.
MOST_COMMENTS = 100
COMMENTS_A_PAGE = 50


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


def projects_at_the_desk(organisation: Organisation, where: Collection[int] | None = None) -> QuerySet[Project]:
    """All projects of a town (or those of ``where``), drafts included, with what waits and is asked in each.

    ``n_waiting`` says how many proposals wait, ``asks`` whether there is a form or was one.

    Cost     a few milliseconds however many proposals are public: every page of the desk asks this.
    """
    rows = Project.objects.filter(organisation=organisation)
    return (
        (rows if where is None else rows.filter(pk__in=where))
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


def in_town(organisation: Organisation, where: Collection[int] | None = None) -> QuerySet[Proposal]:
    """All proposals of a town, or of the projects of ``where``, whatever their state."""
    rows = Proposal.objects.filter(project__organisation=organisation)
    return rows if where is None else rows.filter(project__in=where)


def queue(
    organisation: Organisation, sieve: Sieve, person: Person, where: Collection[int] | None = None
) -> QuerySet[Proposal]:
    """The proposals of a town (or of the projects of ``where``) that pass this sieve.

    Order    what waits longest or was reported comes first; of what was decided the newest.
    """
    rows = in_town(organisation, where).filter(_pile(sieve.pile))
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


def handed_to(
    organisation: Organisation, person: Person, where: Collection[int] | None = None
) -> tuple[int, dict[Pile, int]]:
    """How many proposals of a town (or of the projects of ``where``) were handed to this person, and in each pile?

    One can be in several piles: a public one of which a comment waits.

    Cost     one query, by what was handed to them.
    """
    rows = in_town(organisation, where).filter(handling__assignee=person)
    piles = {pile.name: Count("pk", filter=_pile(pile)) for pile in Pile}
    found = rows.aggregate(n=Count("pk"), **piles)
    return found["n"], {pile: found[pile.name] for pile in Pile}


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
        rows.select_related(
            "project", "area", "theme", "author", "handling__assignee", "merged_into", "inventory_object"
        )
        .defer("project__area", "area__outline", "inventory_object__place", "merged_into__shape")
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
            ),
            # So that of what a piece has none nothing is asked when it is opened.
            has_notes=Exists(Note.objects.filter(proposal=OuterRef("pk"))),
            has_author_mails=Exists(AuthorMail.objects.filter(proposal=OuterRef("pk"))),
            has_photos=Exists(Photo.objects.filter(proposal=OuterRef("pk"))),
            has_answers=Exists(AnswerSheet.objects.filter(proposal=OuterRef("pk"))),
            has_joined=Exists(Proposal.objects.filter(merged_into=OuterRef("pk"))),
            has_comments=Exists(Comment.objects.filter(proposal=OuterRef("pk"))),
            has_joined_comments=Exists(Comment.objects.filter(proposal__merged_into=OuterRef("pk"))),
        )
    )


def tags_in_use(organisation: Organisation, where: Collection[int] | None = None, *, most: int = 100) -> list[str]:
    """Which tags do staff use in the town, or in the projects of ``where``, by name?"""
    words = Handling.objects.filter(proposal__project__organisation=organisation)
    if where is not None:
        words = words.filter(proposal__project__in=where)
    return list(
        words.annotate(tag=Func(F("tags"), function="unnest"))
        .values_list("tag", flat=True)
        .distinct()
        .order_by("tag")[:most]
    )


def moderators(project: Project) -> list[Person]:
    """Who may look after the proposals of this project, by name?"""
    roles = [role.value for role in Role if DeskAct.MODERATE in DESK_ACTS[role]]
    town = Membership.objects.filter(organisation=project.organisation_id, role__in=roles).values("person")
    here = ProjectRole.objects.filter(project=project, role__in=roles).values("person")
    rows = Person.objects.filter(Q(pk__in=town) | Q(pk__in=here), is_active=True)
    return list(rows.order_by("public_name", "pk"))


def templates_of(organisation: Organisation) -> QuerySet[AnswerTemplate]:
    """The town's words for answers, by name."""
    return AnswerTemplate.objects.filter(organisation=organisation)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said on a piece: what waits or was reported, first to last, and one page of the rest, the latest first.

    ``more_wait`` and ``older`` say that there are more of each.
    """

    to_look_at: Sequence[Comment] = ()
    more_wait: bool = False
    rest: Sequence[Comment] = ()
    older: bool = False


@dataclass(frozen=True, slots=True)
class Dossier:
    """What staff keep about one piece, first to last each."""

    notes: Sequence[Note] = ()
    author_mails: Sequence[AuthorMail] = ()
    reports: Sequence[Report] = ()
    said: Said = Said()
    photos: Sequence[Photo] = ()
    answers: Sequence[tuple[Question, Any]] = ()
    joinings: Sequence[Joining] = ()


def dossier(piece: Any, *, page: int = 1) -> Dossier:
    """All that staff know of a piece of ``listed``; of reports those not looked at, of comments this page.

    Cost     one query for each of what the piece has.
    """
    reports = []
    if piece.n_reports:
        reports = list(Report.objects.filter(proposal=piece, settled_at=None).select_related("person"))
    return Dossier(
        notes=list(Note.objects.filter(proposal=piece).select_related("author")) if piece.has_notes else (),
        author_mails=list(AuthorMail.objects.filter(proposal=piece).select_related("by"))
        if piece.has_author_mails
        else (),
        photos=list(piece.photos.all()) if piece.has_photos else (),
        answers=answers_with(piece, staff=True) if piece.has_answers else (),
        joinings=joinings_of(piece) if piece.has_joined or piece.state == Proposal.State.MERGED else (),
        reports=reports,
        said=_said(piece, reports, page) if piece.has_comments or piece.has_joined_comments else Said(),
    )


def _said(piece: Proposal, reports: Sequence[Report], page: int) -> Said:
    reported = {row.comment_id for row in reports if row.comment_id}
    asked = Q(state=Comment.State.SUBMITTED) | Q(pk__in=reported)
    rows = comments_on(piece).select_related("author", "proposal")
    start = (page - 1) * COMMENTS_A_PAGE
    found = (
        rows.filter(asked)
        .order_by("created_at", "pk")[: MOST_COMMENTS + 1]
        .union(rows.exclude(asked).order_by("-created_at", "-pk")[start : start + COMMENTS_A_PAGE + 1], all=True)
    )
    to_look_at: list[Comment] = []
    rest: list[Comment] = []
    # A union keeps no order.
    for row in sorted(found, key=lambda row: (row.created_at, row.pk)):
        is_asked = row.state == Comment.State.SUBMITTED or row.pk in reported
        (to_look_at if is_asked else rest).append(row)
    rest.reverse()
    return Said(
        to_look_at=to_look_at[:MOST_COMMENTS],
        more_wait=len(to_look_at) > MOST_COMMENTS,
        rest=rest[:COMMENTS_A_PAGE],
        older=len(rest) > COMMENTS_A_PAGE,
    )
