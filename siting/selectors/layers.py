"""Which layers a town has, and who sees which."""

from collections.abc import Sequence
from typing import Any

from django.contrib.gis.db.models import Extent
from django.db.models import Max, QuerySet

from participation.models import Organisation
from siting.models import Layer, LayerFeature


def layers_of(organisation: Organisation) -> QuerySet[Layer]:
    """The layers of a town that are in use or being checked, by name; those being checked first."""
    return (
        Layer.objects.filter(organisation=organisation)
        .exclude(state=Layer.State.REPLACED)
        .select_related("uploaded_by")
        .order_by("-state", "name", "-version")
    )


def current_layers(organisation: Organisation) -> QuerySet[Layer]:
    """The layers of a town that are in use, by name."""
    return Layer.objects.filter(organisation=organisation, state=Layer.State.CURRENT).order_by("name")


def catalogued(organisation: str, *, staff: bool) -> QuerySet[Layer]:
    """The layers in use of the town of this slug: all for its staff, for everybody else the public ones."""
    rows = Layer.objects.filter(organisation__slug=organisation, state=Layer.State.CURRENT, n_features__gt=0)
    return (rows if staff else rows.filter(is_public=True)).order_by("slug")


def layer_of(organisation: Organisation, pk: int) -> Layer | None:
    """The layer of this number, when it is this town's."""
    return Layer.objects.filter(organisation=organisation, pk=pk).select_related("uploaded_by").first()


def versions_of(layer: Layer) -> QuerySet[Layer]:
    """All versions of the same layer, the newest first."""
    rows = Layer.objects.filter(organisation_id=layer.organisation_id, slug=layer.slug)
    return rows.select_related("uploaded_by").order_by("-version")


def in_use(layer: Layer) -> Layer | None:
    """The version of the same layer that is in use."""
    return versions_of(layer).filter(state=Layer.State.CURRENT).first()


def next_version(organisation: Organisation, slug: str) -> int:
    """Which number has the next version of this layer?"""
    newest = Layer.objects.filter(organisation=organisation, slug=slug).aggregate(top=Max("version"))["top"]
    return int(newest or 0) + 1


def first_rows(layer: Layer, limit: int) -> list[dict[str, Any]]:
    """The attributes of the first features."""
    return list(LayerFeature.objects.filter(layer=layer).values_list("properties", flat=True)[:limit])


def touches_town(layer: Layer) -> bool:
    """Does anything of the layer lie in its town? Yes where the town's outline is not known."""
    outline = layer.organisation.outline
    return outline is None or LayerFeature.objects.filter(layer=layer, geometry__intersects=outline).exists()


def label_of(layer: Layer) -> str:
    """By which attribute is a candidate called that comes from a feature? The first text that everybody sees."""
    texts = [each["name"] for each in layer.attributes if each["kind"] == "text" and each["name"] in layer.shown]
    return texts[0] if texts else ""


def drawn(layer: Layer, limit: int, *, in_town: bool) -> Sequence[tuple[int, bytes, str]]:
    """The number, the place (WKB) and the first text of so many features: in the town's box, or spread over all."""
    rows = LayerFeature.objects.filter(layer=layer, geometry__isnull=False).order_by("key")
    if in_town and layer.organisation.outline is not None:
        found = rows.filter(geometry__bboverlaps=layer.organisation.outline.envelope)[:limit]
    else:
        step = max(-(-layer.n_features // limit), 1)
        found = rows.filter(key__in=range(1, layer.n_features + 1, step)) if step > 1 else rows
    label = next((each["name"] for each in layer.attributes if each["kind"] == "text"), "")
    return [
        (key, bytes(place.wkb), str(properties.get(label, "")))
        for key, place, properties in found.values_list("key", "geometry", "properties")
        if place is not None
    ]


def extent_of(layer: Layer) -> tuple[float, float, float, float] | None:
    """West, south, east and north of a layer, in degrees."""
    found: tuple[float, float, float, float] | None = LayerFeature.objects.filter(layer=layer).aggregate(
        box=Extent("geometry")
    )["box"]
    return found


def feature_named(organisation: Organisation, layer: int, key: int) -> LayerFeature | None:
    """The feature of this number in a layer of this town."""
    return (
        LayerFeature.objects.filter(layer__organisation=organisation, layer=layer, key=key)
        .select_related("layer")
        .first()
    )


def candidates_using(layer: Layer) -> int:
    """How many candidates came from a feature of this version of the layer?"""
    return LayerFeature.objects.filter(layer=layer, candidate_origins__isnull=False).values("pk").distinct().count()
