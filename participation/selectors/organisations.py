"""Which municipality, and which of its areas and places."""

from django.conf import settings
from django.contrib.gis.geos import GEOSGeometry
from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import QuerySet

from participation.models import Area, Organisation, Place


def organisation_for_host(host: str, default_slug: str) -> Organisation | None:
    """Which municipality answers on this host name? The named default, or the only one there is, for any other."""
    claimed = Organisation.objects.filter(hosts__contains=[host]).first()
    if claimed:
        return claimed
    if default_slug:
        return Organisation.objects.filter(slug=default_slug).first()
    found = list(Organisation.objects.all()[:2])
    return found[0] if len(found) == 1 else None


def address_of(organisation: Organisation) -> str:
    """Under what address does a mail lead to this municipality? Without a slash at its end."""
    if organisation.hosts:
        scheme = "https" if settings.SECURE_COOKIES else "http"
        return f"{scheme}://{organisation.hosts[0]}"
    address: str = settings.ADDRESS
    return address


def area_at(organisation: Organisation, point: GEOSGeometry) -> Area | None:
    """Which village or neighbourhood holds this point? The first by name where borders touch."""
    return Area.objects.filter(organisation=organisation, outline__intersects=point).order_by("name").first()


def places_named(organisation: Organisation, text: str, limit: int = 8) -> QuerySet[Place]:
    """Which places of the town are called something like this, best first?"""
    return (
        Place.objects.filter(organisation=organisation)
        .annotate(likeness=TrigramSimilarity("name", text))
        .filter(likeness__gt=0.2)
        .order_by("-likeness", "name")[:limit]
    )
