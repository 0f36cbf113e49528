"""What staff see of one piece of the queue: what was sent, where it lies, why it waits, what was done with it."""

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext

from participation.models import Comment, Project, Proposal, Zone
from participation.rules.places import LonLat
from participation.rules.roles import DeskAct
from participation.selectors.doubles import alike_and_near
from participation.selectors.queue import Dossier, Said
from participation.selectors.undoing import acts_about
from participation.selectors.zones import ZonesMet, exact_place, from_geos, zones_among, zones_of
from participation.web import acts
from participation.web.asking import may_do
from participation.web.maps import map_config
from participation.web.places import bounds_of, on_map, shape_drawn, zone_lines, zones_drawn
from participation.web.proposal_questions import said_rows

NEAR = 8


def piece_context(request: HttpRequest, piece: Proposal, project: Project, known: Dossier) -> dict[str, object]:
    """What stands in a piece and around it.

    Where the place is shown roughly, its zones are those of the exact one; they are told to who may see that.
    """
    may_moderate = may_do(request, DeskAct.MODERATE, project)
    place = LonLat(piece.point.x, piece.point.y) if piece.point else None
    like, near = alike_and_near(piece, place, limit=NEAR)
    zones = list(zones_of(project)) if place is not None else []
    exact = exact_place(piece) if place is not None and project.blur_m and may_moderate else None
    where = exact or (None if project.blur_m else piece.shape or piece.point)
    # What stands on an object of the inventory was put there by the town: zones say nothing of it.
    met = zones_among(zones, from_geos(where)) if where is not None and not piece.inventory_object_id else ZonesMet()
    done, can_be_undone = acts_about(piece)
    return {
        "answers": said_rows(piece, known.answers),
        "may_see_exact": exact is not None,
        "waits_because": _why(piece, project, met) if piece.state == Proposal.State.SUBMITTED else [],
        "zones": zone_lines([*met.barred, *met.reason, *met.look]),
        "acts": [{"row": row, "said": acts.said(row), "can_be_undone": row.pk in can_be_undone} for row in done],
        "alike": like,
        "nearby": near,
        "map": _map(piece, project, zones, [*like, *near]) if place is not None else None,
    }


def comments_page(request: HttpRequest) -> int:
    """Which page of the comments is asked for (``comments`` in the address)?"""
    asked = request.GET.get("comments", "")
    return max(int(asked), 1) if asked.isdecimal() and len(asked) < 6 else 1


def comments_context(request: HttpRequest, back: str) -> dict[str, object]:
    """Where the pages of comments are turned; what is done with one leads back to the page that it stands on."""
    page = comments_page(request)
    return {
        "newer": page - 1,
        "next": page + 1,
        "is_open": "comments" in request.GET,
        "back": f"{back}{'&' if '?' in back else '?'}comments={page}",
    }


def what_was_sent(post: QueryDict, piece: Proposal, said: Said) -> dict[str, object]:
    """What was typed for an act that was refused; ``at`` is the id of its field, "" where there is none any more."""
    comment = post.get("comment", "")
    shown = {str(row.pk) for row in (*said.to_look_at, *said.rest) if row.state != Comment.State.HIDDEN}
    free = piece.state not in {Proposal.State.HIDDEN, Proposal.State.MERGED}
    fields: dict[str, tuple[str, str, bool]] = {
        "hide": ("reason", "reason", piece.state != Proposal.State.HIDDEN),
        "merge": ("number", "join", free),
        "note": ("text", "note", True),
        "tags": ("tags", "tags", True),
        "mail": ("text", "mail", piece.author is not None and piece.author.can_be_mailed),
        "comment_hide": ("reason", f"reason-{comment}", comment in shown),
    }
    name, at, is_there = fields.get(post.get("act", ""), ("", "", False))
    return {"words": " ".join(post.getlist(name)), "at": at if is_there else "", "comment": comment}


def _why(piece: Proposal, project: Project, met: ZonesMet) -> list[str]:
    """Why did this not become public at once?"""
    said = [gettext("It lies in a zone where staff look first.")] if met.look else []
    if piece.author_id is None:
        said.append(gettext("It came in without an account."))
    if project.moderated_first:
        said.append(gettext("In this project staff look at everything first."))
    return said


def _map(piece: Proposal, project: Project, zones: list[Zone], around: list[Proposal]) -> dict[str, object]:
    return map_config(
        project,
        highlight=piece.number,
        bounds=bounds_of(piece),
        pins=[_pin(row) for row in (piece, *around)],
        tiles=None,
        **on_map(zones_drawn(zones), shape_drawn(piece)),
    )


def _pin(proposal: Proposal) -> dict[str, object]:
    place = proposal.point
    return {
        "number": proposal.number,
        "title": proposal.title,
        "lon": place.x if place else None,
        "lat": place.y if place else None,
        "theme": proposal.theme.slug if proposal.theme else "",
    }
