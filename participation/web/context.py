"""What every page knows: the town, the reader's role, whether it is a demo."""

from django.conf import settings
from django.http import HttpRequest

from participation.rules.roles import DeskAct, Roles
from participation.web.asking import roles_of
from participation.web.oidc import provider_name


def town(request: HttpRequest) -> dict[str, object]:
    """Give templates the organisation, the languages and what the reader may do at the desk."""
    organisation = getattr(request, "organisation", None)
    roles = roles_of(request) if organisation and hasattr(request, "user") else Roles()
    return {
        "organisation": organisation,
        "may_see_desk": roles.may_somewhere(DeskAct.SEE),
        "is_demo": settings.DEMO,
        "identity_name": provider_name(),
    }
