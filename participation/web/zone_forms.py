"""The forms of places at the desk: what may be pointed at, zones, the inventory."""

from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from django import forms
from django.utils.translation import gettext_lazy as _

from participation.rules.places import (
    BLUR_LEAST_M,
    BLUR_MOST_M,
    NEAR_LEAST_M,
    NEAR_MOST_M,
    PER_OBJECT_MAX,
    PlaceSettings,
    Shape,
    typed_pair,
)
from participation.rules.refusals import Code, Refused
from participation.rules.wording import BODY_MAX, TITLE_MAX
from participation.rules.zones import ZoneKind
from participation.services.zones import ZoneRow
from participation.web.places import KIND_NAMES, SHAPE_NAMES
from participation.web.setup_forms import CORNERS_MAX, PLANES

USUAL_BLUR_M = 200


def corners_field() -> forms.CharField:
    """Where corners are typed, or written by clicks on the map (draw-area.js)."""
    return forms.CharField(
        label=_("Corners of the drawing"),
        help_text=_("One corner a line, latitude and longitude: 50.8553, 2.7262. Or click on the map."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "data-draw-corners": "", "spellcheck": "false"}),
    )


def drawing_of(corners: str) -> shapely.Polygon:
    """The surface of corners that were typed.

    Refuses  area.not_a_surface, setup.too_many.
    """
    lines = [line for line in corners.splitlines() if line.strip()]
    if len(lines) > CORNERS_MAX:
        raise Refused(Code.SETUP_TOO_MANY, {"max": CORNERS_MAX})
    places = [typed_pair(line.strip()[:60]) for line in lines]
    if len(places) < 3 or None in places:
        raise Refused(Code.AREA_NOT_A_SURFACE)
    return shapely.Polygon([(place.lon, place.lat) for place in places if place])


class PlaceForm(forms.Form):
    """What a project asks of a place."""

    shapes = forms.MultipleChoiceField(
        label=_("What can be put on the map?"),
        choices=[(shape.value, name) for shape, name in SHAPE_NAMES.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    optional = forms.BooleanField(label=_("A proposal may come without a place"), required=False)
    shown = forms.ChoiceField(
        label=_("What does everybody see of the place?"),
        choices=[("exact", _("exactly where it is")), ("rough", _("only roughly where it is: for places near homes"))],
        widget=forms.RadioSelect,
    )
    blur_m = forms.IntegerField(
        label=_("Roughly: up to how many metres off"),
        help_text=_("The distance is drawn once for each proposal and kept. Only your staff can see the exact place."),
        min_value=BLUR_LEAST_M,
        max_value=BLUR_MOST_M,
        required=False,
        localize=False,
    )
    from_inventory = forms.BooleanField(
        label=_("Only objects of an inventory can be proposed, such as utility boxes"), required=False
    )
    per_object = forms.IntegerField(
        label=_("How often one object can be proposed"),
        help_text=_("Leave it empty for any number."),
        min_value=1,
        max_value=PER_OBJECT_MAX,
        required=False,
        localize=False,
    )

    near_m = forms.IntegerField(
        label=_("Within how many metres another proposal is near"),
        help_text=_("Whoever suggests something sees what lies so near, and is asked whether it is the same."),
        min_value=NEAR_LEAST_M,
        max_value=NEAR_MOST_M,
        required=False,
        localize=False,
    )

    def __init__(self, data: Any, *, now: PlaceSettings) -> None:
        self.now = now
        initial = {
            "shapes": [shape.value for shape in now.shapes],
            "optional": now.optional,
            "shown": "exact" if now.blur_m is None else "rough",
            "blur_m": now.blur_m or USUAL_BLUR_M,
            "from_inventory": now.from_inventory,
            "per_object": now.per_object,
            "near_m": now.near_m,
        }
        super().__init__(data, initial=initial)

    def settings(self) -> PlaceSettings:
        """What was filled in."""
        given = self.cleaned_data
        return PlaceSettings(
            shapes=tuple(Shape(shape) for shape in given["shapes"]),
            optional=given["optional"],
            blur_m=(given["blur_m"] or USUAL_BLUR_M) if given["shown"] == "rough" else None,
            from_inventory=given["from_inventory"],
            per_object=given["per_object"],
            near_m=self.now.near_m if given["near_m"] is None else given["near_m"],
        )


class ZoneForm(forms.Form):
    """The rule and the words of a zone, in the languages of the town."""

    kind = forms.ChoiceField(
        label=_("What holds there?"),
        choices=[(kind.value, name) for kind, name in KIND_NAMES.items()],
        widget=forms.RadioSelect,
        initial=ZoneKind.BARRED.value,
    )

    def __init__(self, data: Any, files: Any = None, *, languages: Sequence[tuple[str, str]], **more: Any) -> None:
        super().__init__(data, files, **more)
        self.languages = languages
        several = len(languages) > 1
        for code, language in languages:
            # Only the first language must be filled in; the others are read where there is nothing else.
            said = f" ({language})" if several else ""
            self.fields[f"name_{code}"] = forms.CharField(
                label=f"{_('Name of the zone')}{said}", max_length=TITLE_MAX, required=code == languages[0][0]
            )
            self.fields[f"why_{code}"] = forms.CharField(
                label=f"{_('Why? Residents read it.')}{said}",
                required=False,
                # How long it may be the service says: it counts the end of a line once, as a browser does.
                widget=forms.Textarea(attrs={"rows": 2, "maxlength": BODY_MAX}),
            )

    def first_words(self) -> list[forms.BoundField]:
        """Name and reason in the town's first language."""
        return self._words(self.languages[:1])

    def other_words(self) -> list[forms.BoundField]:
        """The same in its other languages."""
        return self._words(self.languages[1:])

    def _words(self, languages: Sequence[tuple[str, str]]) -> list[forms.BoundField]:
        return [self[f"{what}_{code}"] for code, _language in languages for what in ("name", "why")]

    def row(self, name: str = "") -> ZoneRow:
        """What was filled in; ``name`` takes the place of the name."""
        given = self.cleaned_data
        names = {code: given[f"name_{code}"] for code, _language in self.languages}
        why = {code: given[f"why_{code}"] for code, _language in self.languages}
        return ZoneRow(ZoneKind(given["kind"]), {self.languages[0][0]: name} if name else names, why)

    @staticmethod
    def initial_of(kind: str, name: Mapping[str, str], why: Mapping[str, str]) -> dict[str, str]:
        """How a zone stands in the form."""
        return {"kind": kind} | {f"name_{c}": t for c, t in name.items()} | {f"why_{c}": t for c, t in why.items()}


class NewZoneForm(ZoneForm):
    """A zone to be drawn, or zones from a file."""

    corners = corners_field()
    file = forms.FileField(
        label=_("File"),
        help_text=_("GeoPackage, Shapefile (its parts in one zip), GeoJSON or FlatGeobuf with surfaces."),
        required=False,
    )
    name_field = forms.CharField(
        label=_("Column of the file with the name of each zone"),
        help_text=_("Leave it empty: then all surfaces of the file are one zone."),
        max_length=60,
        required=False,
    )
    crs = forms.ChoiceField(
        label=_("Coordinate system of the file"), required=False, choices=[("", _("As the file says")), *PLANES]
    )


class InventoryForm(forms.Form):
    """A file of objects, and which of its columns say what."""

    file = forms.FileField(
        label=_("File"), help_text=_("GeoPackage, Shapefile (its parts in one zip), GeoJSON, FlatGeobuf or CSV.")
    )
    name_field = forms.CharField(
        label=_("Column with the name, such as street and number"), max_length=60, initial="name"
    )
    owner_field = forms.CharField(label=_("Column with the owner"), max_length=60, required=False, initial="owner")
    key_field = forms.CharField(
        label=_("Column with the number that the owner knows it by"),
        help_text=_("By it an object is known again when you upload a newer file. Leave it empty: then by its name."),
        max_length=60,
        required=False,
    )
    crs = forms.ChoiceField(
        label=_("Coordinate system of the file"), required=False, choices=[("", _("As the file says")), *PLANES]
    )
