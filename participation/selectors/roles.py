"""Who someone is in a town and its projects: the one place that answers whether they may do something at the desk."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import BigIntegerField, Value

from participation.models import Membership, Organisation, Person, Project, ProjectRole
from participation.rules.roles import DeskAct, Role, Roles


def roles_in(organisation: Organisation, person: Person | AnonymousUser | None) -> Roles:
    """What is this person in this town and in each of its projects?

    Cost     one query; none for who is not signed in.
    """
    if not isinstance(person, Person):
        return Roles()
    town = Membership.objects.filter(organisation=organisation, person=person)
    single = ProjectRole.objects.filter(project__organisation=organisation, person=person)
    rows = town.values_list(Value(None, BigIntegerField()), "role").union(single.values_list("project_id", "role"))
    found = {project: Role(role) for project, role in rows}
    return Roles(found.pop(None, Role.RESIDENT), found)


def may_in_town(organisation: Organisation, person: Person | AnonymousUser | None, act: DeskAct) -> bool:
    """May this person do this at the desk of the whole town?"""
    return roles_in(organisation, person).may(act)


def may_in(project: Project, person: Person | AnonymousUser | None, act: DeskAct) -> bool:
    """May this person do this at the desk of this project?"""
    return roles_in(project.organisation, person).may(act, project.pk)


def key_of_project(organisation: Organisation, slug: str) -> int | None:
    """The key of the town's project of this name, to ask ``Roles`` by."""
    return Project.objects.filter(organisation=organisation, slug=slug).values_list("pk", flat=True).first()
