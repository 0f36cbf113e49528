"""How rows are told in JSON, in the reader's language."""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import get_language

from participation.models import AnswerFile, Comment, Phase, Photo, Project, Proposal, Response
from participation.queries.voting import database_now
from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct
from participation.rules.text import in_language
from participation.rules.voting import Choice, Method
from participation.selectors.comments import n_comments
from participation.selectors.follows import follows
from participation.selectors.forms import answers_with
from participation.selectors.merging import joined_with
from participation.selectors.projects import ballot_rules, choices_cast, options, standing
from participation.selectors.responses import responses_on
from participation.selectors.roles import may_in
from participation.services.places import Checked
from participation.web.asking import person_of
from participation.web.sentences import sentence

Told = dict[str, Any]


def in_words(text: dict[str, str]) -> str:
    """A text of the town in the reader's language."""
    return in_language(text, get_language() or "nl")


def absolute(request: HttpRequest, name: str, *args: object) -> str:
    """The whole address of a page."""
    return request.build_absolute_uri(reverse(name, args=args))


def project_told(request: HttpRequest, project: Project, n_proposals: int) -> Told:
    """One project."""
    where = standing(project, database_now())
    return {
        "slug": project.slug,
        "title": in_words(project.title),
        "question": in_words(project.question),
        "summary": in_words(project.summary),
        "has_map": project.area is not None,
        "shapes": project.shapes if project.area is not None and not project.from_inventory else [],
        "n_proposals": n_proposals,
        "acts": sorted(act.value for act in where.acts),
        "phases": [
            {
                "kind": phase.kind,
                "name": in_words(phase.name),
                "state": where.state_of(phase),
                "opens_at": phase.opens_at,
                "closes_at": phase.closes_at,
            }
            for phase in where.phases
        ],
        "links": {
            "page": absolute(request, "project", project.slug),
            "proposals": absolute(request, "api_proposals", project.slug),
            "layer": absolute(request, "ogc_collection", f"{project.slug}-proposals"),
        },
    }


def proposal_told(request: HttpRequest, row: Proposal, slug: str) -> Told:
    """One proposal, marked by ``supported_by``."""
    return {
        "project": slug,
        "number": row.number,
        "title": row.title,
        "body": row.body,
        "origin": row.origin,
        "state": row.state,
        "theme": row.theme.slug if row.theme else "",
        "area": row.area.name if row.area else "",
        "place": {"lon": row.point.x, "lat": row.point.y} if row.point else None,
        "shape": json.loads(row.shape.geojson) if row.shape else None,
        "inventory_object": row.inventory_object.number if row.inventory_object else None,
        "on_ballot": row.on_ballot,
        "n_supports": row.n_supports,
        "supported_by_me": bool(getattr(row, "is_mine", False)),
        "cost_cents": row.cost_cents,
        # The day, not the minute: when exactly somebody sat at home and typed is nobody's business.
        "created_on": localdate(row.created_at).isoformat(),
        "link": absolute(request, "proposal", slug, row.number),
    }


def one_proposal_told(request: HttpRequest, row: Proposal, slug: str) -> Told:
    """One proposal with all that its page shows of it; answers for staff alone are there for staff."""
    staff = may_in(row.project, request.user, DeskAct.SEE)
    files = {str(file.key) for file in AnswerFile.objects.filter(sheet__proposal=row)}
    return proposal_told(request, row, slug) | {
        "merged_into": row.merged_into.number if row.merged_into else None,
        "joined": list(joined_with(row).values_list("number", flat=True)),
        "hidden_because": row.hidden_because,
        "comments_locked": row.comments_locked,
        "n_comments": n_comments(row),
        "followed_by_me": follows(request.user, row),
        "photos": [photo_told(request, each) for each in row.photos.all()],
        "questions": [
            {
                "key": one.key,
                "label": in_words(dict(one.label)),
                "answer": absolute(request, "answer_file", value) if str(value) in files else value,
            }
            for one, value in answers_with(row, staff=staff)
        ],
        "answers": [answer_told(each, slug) for each in responses_on(row)],
    }


def place_told(check: Callable[[], Checked]) -> Told:
    """Whether something can come at a place: what is refused there, or what its zones ask and its neighbourhood."""
    try:
        found = check()
    except Refused as refused:
        said = sentence(refused.code, refused.facts)
        return {"refused": refused.code.value, "why": said, "area": "", "reason_asked": False, "looked_at": False}
    return {
        "refused": "",
        "why": "",
        "area": found.area.name if found.area else "",
        "reason_asked": bool(found.zones.reason),
        "looked_at": bool(found.zones.look),
    }


def photo_told(request: HttpRequest, photo: Photo) -> Told:
    """One photo: what is on it, and where its two sizes are."""
    return {
        "key": str(photo.key),
        "alt": photo.alt,
        "width": photo.width,
        "height": photo.height,
        "large": absolute(request, "photo", photo.key, "large"),
        "small": absolute(request, "photo", photo.key, "small"),
    }


def comment_told(comment: Comment) -> Told:
    """One comment; of a hidden one stands only why."""
    is_hidden = comment.state == Comment.State.HIDDEN
    return {
        "id": comment.pk,
        "number": comment.proposal.number,
        "parent": comment.parent_id,
        "state": comment.state,
        "by_city": comment.by_city and not is_hidden,
        "author": comment.author.public_name if comment.author and not comment.by_city and not is_hidden else "",
        "text": "" if is_hidden else comment.text,
        "hidden_because": comment.hidden_because,
        "created_on": localdate(comment.created_at).isoformat(),
    }


def choices_told(choices: list[Choice] | tuple[Choice, ...]) -> list[Told]:
    """The choices of a ballot, in order."""
    return [{"number": choice.number, "points": choice.value} for choice in choices]


def ballot_told(request: HttpRequest, vote: Phase) -> Told:
    """What a ballot of this vote may hold and what whoever asks has cast."""
    rules = ballot_rules(vote)
    numbers = list(options(vote.project).values_list("number", flat=True))
    cast = choices_cast(vote, person_of(request))
    return {
        "method": rules.method.value,
        "at_most": min(rules.cap, max(len(numbers), 1)),
        "at_least": rules.floor,
        "points": rules.points if rules.method is Method.POINTS else None,
        "points_on_one": rules.points_max if rules.method is Method.POINTS else None,
        "budget_cents": rules.budget_cents if rules.method is Method.BUDGET else None,
        "closes_at": vote.closes_at,
        "options": numbers,
        "cast": None if cast is None else choices_told(cast),
    }


def answer_told(response: Response, slug: str) -> Told:
    """One answer of the town."""
    return {
        "project": slug,
        "number": response.proposal.number,
        "outcome": response.outcome,
        "text": in_words(response.text),
        "link": response.link,
        "published_at": response.published_at,
    }
