"""The list of a project as a file, with the same filters as on the page."""

from django.urls import reverse

from participation.models import Project

# What most people can open; all formats stand at the layer's own page.
OFFERED = (("csv", "CSV"), ("xlsx", "Excel"), ("geojson", "GeoJSON"), ("gpkg", "GeoPackage"))


def file_links(project: Project, asked: str) -> list[tuple[str, str]]:
    """Where the rows that a filter asks for (``Filters.of_layer``) are had as a file: (format, address)."""
    return [(said, reverse("export", args=(f"{project.slug}-proposals.{name}",)) + asked) for name, said in OFFERED]
