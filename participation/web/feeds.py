"""What is new in a project, as a feed (Atom with GeoRSS) for readers and other sites."""

from datetime import datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import get_language
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from participation.models import Proposal
from participation.rules.text import in_language
from participation.rules.wording import cleaned
from participation.selectors.proposals import public_proposals
from participation.web.asking import project_or_404

LATEST = 50


class PlacedFeed(Atom1Feed):
    """Atom in which an entry may say where it is (GeoRSS Simple, latitude first)."""

    def root_attributes(self) -> dict[str, str]:
        """Name the words that places are said with."""
        return super().root_attributes() | {"xmlns:georss": "http://www.georss.org/georss"}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        """Say the entry, and where it is."""
        super().add_item_elements(handler, item)
        if item["point"] is not None:
            handler.addQuickElement("georss:point", f"{item['point'].y:.6f} {item['point'].x:.6f}")


@require_safe
def feed(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand out the latest public proposals of a project: no names, and the day they came in."""
    project = project_or_404(request, slug)
    language = get_language() or "nl"
    told = PlacedFeed(
        title=in_language(project.title, language),
        link=request.build_absolute_uri(reverse("project", args=(slug,))),
        description=in_language(project.question, language),
        language=language,
        feed_url=request.build_absolute_uri(),
    )
    for row in public_proposals(project).defer("area__outline").order_by("-created_at", "-number")[:LATEST]:
        address = request.build_absolute_uri(reverse("proposal", args=(slug, row.number)))
        told.add_item(
            title=cleaned(row.title),
            link=address,
            unique_id=address,
            description=cleaned(row.body),
            updateddate=_day(row),
            pubdate=_day(row),
            categories=[row.theme.slug] if row.theme else [],
            point=row.point,
        )
    return HttpResponse(told.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _day(row: Proposal) -> datetime:
    """The day, not the minute: when exactly somebody sat at home and typed is nobody's business."""
    return datetime.combine(localdate(row.created_at), time(), get_current_timezone())
