"""What is new in a project, as a feed (Atom with GeoRSS) for readers and other sites."""

from datetime import date, datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import get_language, gettext
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from geo.ogc.answers import is_unchanged, keep, tag
from participation.models import Response
from participation.rules.text import in_language
from participation.rules.wording import cleaned
from participation.selectors.news import News, latest_news
from participation.web.asking import project_or_404

# Readers come by every quarter of an hour or so; who just published something looks whether it is there.
FRESH_SECONDS = 60


class PlacedFeed(Atom1Feed):
    """Atom in which an entry may say where it is (GeoRSS Simple, latitude first).

    ``begun``: when it last changed as long as nothing stands in it, so that it is the same each time.
    """

    def latest_post_date(self) -> datetime:
        """The day of what is newest in it."""
        found: datetime = super().latest_post_date() if self.items else self.feed["begun"]
        return found

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
    """Hand out what was made public or answered last in a project: no names, and the day, not the hour."""
    project = project_or_404(request, slug)
    language = get_language() or "nl"
    told = PlacedFeed(
        title=in_language(project.title, language),
        link=request.build_absolute_uri(reverse("project", args=(slug,))),
        description=in_language(project.question, language),
        language=language,
        feed_url=request.build_absolute_uri(),
        begun=_morning(localdate(project.created_at)),
    )
    for news in latest_news(project):
        row = news.proposal
        address = request.build_absolute_uri(reverse("proposal", args=(slug, row.number)))
        told.add_item(
            title=cleaned(row.title),
            link=address,
            unique_id=address,
            description=_said(news),
            updateddate=_morning(news.changed_on),
            pubdate=_morning(news.public_on),
            categories=[row.theme.slug] if row.theme else [],
            point=row.point,
        )
    content = told.writeString("utf-8")
    etag = tag(content)
    if is_unchanged(request, etag):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(content, content_type="application/atom+xml; charset=utf-8")
    keep(request, response, etag, seconds=FRESH_SECONDS, varies=["Accept-Language"])
    return response


def _said(news: News) -> str:
    """What a proposal says, and what the town answered last."""
    row = news.proposal
    if row.last_outcome not in Response.Outcome:
        return cleaned(row.body)
    answer = f"{gettext('Answer of the town')}: {Response.Outcome(row.last_outcome).label}"
    return f"{cleaned(row.body)}\n\n{answer}".strip()


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(), get_current_timezone())
