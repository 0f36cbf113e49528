"""What an operator names on the command line: projects of any town, and whether their vote was counted."""

from participation.models import Organisation, Phase, Project


def projects_called(name: str) -> list[Project]:
    """Which projects are called ``slug``, or ``organisation/slug``, drafts included?"""
    town, _slash, slug = name.rpartition("/")
    rows = Project.objects.filter(slug=slug).select_related("organisation").order_by("organisation__slug")
    return list(rows.filter(organisation__slug=town) if town else rows)


def organisation_called(slug: str) -> Organisation | None:
    """Which town has this slug?"""
    return Organisation.objects.filter(slug=slug).first()


def towns() -> list[str]:
    """Which towns are there, by slug?"""
    return list(Organisation.objects.order_by("slug").values_list("slug", flat=True)[:20])


def votes_of(project: Project) -> list[Phase]:
    """Which votes has this project, in order?"""
    return list(Phase.objects.filter(project=project, kind="vote").order_by("position"))
