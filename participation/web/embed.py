"""A project within the page of another site: its map and list to look at, and links that open here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from participation.selectors.proposals import n_public, public_proposals
from participation.web.asking import project_or_404, town_of
from participation.web.maps import map_config

LISTED = 20


@require_safe
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a project without anything that could be pressed by mistake: no form, no session, no cookie.

    Only sites that the town named may frame it; all other pages of the house let nobody.
    """
    project = project_or_404(request, slug)
    rows = public_proposals(project).defer("area__outline").order_by("-created_at", "-number")
    context = {
        "project": project,
        "map": map_config(project) if project.area is not None else None,
        "proposals": rows[:LISTED],
        "n_proposals": n_public(project),
    }
    response = render(request, "participation/embed.html", context)
    if hosts := town_of(request).embed_hosts:
        response.xframe_options_exempt = True
        response._csp_replace = {"frame-ancestors": [f"https://{host}" for host in hosts]}  # type: ignore[attr-defined]
    return response
