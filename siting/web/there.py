"""What there is to choose from in the workbench of one project."""

from django.utils.translation import get_language

from participation import public
from participation.models import Project
from participation.rules.text import in_language
from siting.selectors.demand import neighbourhoods
from siting.selectors.layers import current_layers
from siting.web.asked import There


def there_of(project: Project) -> There:
    """The themes, neighbourhoods and layers of a project, and whether its votes are counted."""
    language = get_language() or "nl"
    return There(
        themes=tuple((theme.slug, in_language(theme.name, language)) for theme in project.themes.all()),
        areas=tuple((part.code, part.name) for part in neighbourhoods(project)),
        layers=tuple((layer.slug, layer.name) for layer in list(current_layers(project.organisation))),
        has_votes=public.has_votes(project),
    )
