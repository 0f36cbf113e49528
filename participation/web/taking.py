"""The list of a project as a file, with the same filters as on the page."""

from django.urls import reverse
from django.utils.http import urlencode

from participation.models import Project
from participation.selectors.places import area_name

# What most people can open; all formats stand at the layer's own page.
OFFERED = (("csv", "CSV"), ("xlsx", "Excel"), ("geojson", "GeoJSON"), ("gpkg", "GeoPackage"))
# As the list itself looks for words.
_COLUMNS, _MOST_WORDS = ("title", "body", "area"), 8


def same_rows(project: Project, *, text: str, area: str, theme: str) -> dict[str, str]:
    """The parameters of a file with the proposals that hold these words, in this area (code) and of this theme."""
    asked = {"theme": theme} if theme else {}
    if area:
        asked["area"] = area_name(project.organisation_id, area)
    words = [_holds(word) for word in text.split()[:_MOST_WORDS]]
    return asked | ({"filter": " AND ".join(words)} if words else {})


def _holds(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("'", "''")
    return "(" + " OR ".join(f"CASEI({column}) LIKE CASEI('%{escaped}%')" for column in _COLUMNS) + ")"


def file_links(project: Project, *, text: str, area: str, theme: str) -> list[tuple[str, str]]:
    """Where the same rows are had as a file: (format, address)."""
    layer = f"{project.slug}-proposals"
    query = urlencode(same_rows(project, text=text, area=area, theme=theme))
    return [
        (said, reverse("export", args=(f"{layer}.{name}",)) + (f"?{query}" if query else "")) for name, said in OFFERED
    ]
