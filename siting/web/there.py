"""What there is to choose from in the workbench of one project."""

from django.utils.translation import get_language

from participation import public
from participation.models import Area, Project
from participation.rules.text import in_language
from siting.selectors.overlays import overlays
from siting.web.asked import There


def there_of(project: Project) -> There:
    """The themes, neighbourhoods and layers of a project, and whether its votes are counted."""
    language = get_language() or "nl"
    areas = Area.objects.filter(organisation=project.organisation_id).order_by("name", "pk")
    return There(
        themes=tuple((theme.slug, in_language(theme.name, language)) for theme in project.themes.all()),
        areas=tuple(areas.values_list("code", "name")),
        layers=tuple((layer.slug, layer.name) for layer in overlays(project)),
        has_votes=public.has_votes(project),
    )
