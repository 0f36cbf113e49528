"""Hands out photos: to whoever may see what they belong to."""

from uuid import UUID

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from participation.models import Draft, Photo, Project, Proposal
from participation.selectors.proposals import visible_proposals
from participation.services.photos import SIZES, path_of
from participation.web.asking import town_of
from participation.web.drafts import token_of

# As long a browser may show a public photo without asking again: what is hidden is gone within minutes.
FRESH_SECONDS = 300


@require_safe
def photo(request: HttpRequest, key: UUID, size: str) -> HttpResponse:
    """Hand out one file of a photo, while what it belongs to can be seen by whoever asks."""
    found = (
        Photo.objects.filter(key=key)
        .select_related("proposal__project", "draft__project")
        .defer("proposal__project__area", "draft__project__area")
        .first()
    )
    if found is None or size not in SIZES or not _may_see(request, found):
        raise Http404("no such photo")
    path = path_of(key, size)
    if not default_storage.exists(path):
        raise Http404("no such file")
    # Some hundred kilobytes at most: read whole.
    with default_storage.open(path) as file:
        response = HttpResponse(file.read(), content_type="image/jpeg")
    is_public = found.proposal is not None and found.proposal.state == Proposal.State.PUBLISHED
    response["Cache-Control"] = f"public, max-age={FRESH_SECONDS}" if is_public else "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    # Opened by itself it is a picture and nothing else.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _may_see(request: HttpRequest, found: Photo) -> bool:
    about = found.proposal or found.draft
    if about is None or about.project.organisation_id != town_of(request).pk:
        return False
    project: Project = about.project
    project.organisation = town_of(request)
    if found.proposal is not None:
        rows = visible_proposals(project, request.user)
        return project.state != Project.State.DRAFT and rows.filter(pk=found.proposal.pk).exists()
    return token_of(request, project, Draft.Kind.PROPOSAL) == str(found.draft_id)
