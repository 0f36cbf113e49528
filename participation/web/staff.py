"""The people of a town's desk: who has which role where, inviting, changing, taking back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from participation.models import Membership, Project, ProjectRole
from participation.rules.refusals import Code, Refused
from participation.rules.roles import STAFF, DeskAct, Role
from participation.rules.text import in_language
from participation.selectors.queue import projects_at_the_desk
from participation.selectors.staff import (
    invitation_of,
    invitations_waiting,
    project_staff_of,
    staff_of,
    with_second_factor,
)
from participation.services.staff import (
    accept_invitation,
    ask_second_factor,
    change_project_role,
    change_role,
    check_invitation,
    invite,
    withdraw_invitation,
)
from participation.web.asking import answering_refusals, desk, now, person_of, sign_in_first, town_of
from participation.web.desk import clerk, town_items
from participation.web.sentences import refusal, status_of

ROLE_NAMES = {
    Role.RESIDENT: _("resident"),
    Role.MODERATOR: _("moderator"),
    Role.PLANNER: _("planner"),
    Role.GIS: _("GIS user"),
    Role.COMMUNICATION: _("communication officer"),
    Role.MANAGER: _("manager"),
}
ROLE_HELP = {
    Role.MODERATOR: _("looks at what comes in, types in ballots on paper"),
    Role.PLANNER: _("sets up projects, studies places, decides, answers"),
    Role.GIS: _("brings layers in and takes data along"),
    Role.COMMUNICATION: _("writes the texts of projects"),
    Role.MANAGER: _("all of that, and who has which role"),
}


class InvitationForm(forms.Form):
    """Whom to invite, as what, where."""

    email = forms.CharField(
        label=_("Mail address"),
        max_length=254,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off", "autocapitalize": "none"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=lambda: _role_choices(), widget=forms.RadioSelect)
    project = forms.ChoiceField(
        label=_("Where"),
        help_text=_("With a role in one project somebody sees the desk of that project alone."),
        required=False,
    )

    def __init__(self, projects: list[Project], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.projects = {project.slug: project for project in projects}
        language = get_language() or "nl"
        known = [(slug, in_language(project.title, language)) for slug, project in self.projects.items()]
        where: Any = self.fields["project"]
        where.choices = [("", gettext("in the whole town")), *known]


def _role_choices() -> list[tuple[str, str]]:
    """The roles in the reader's language, each with what it is for."""
    return [(role.value, f"{ROLE_NAMES[role]}: {ROLE_HELP[role]}") for role in STAFF]


def role_name(role: Role) -> str:
    """Say a role in the language in force."""
    return str(ROLE_NAMES[role])


@desk(DeskAct.PEOPLE)
def staff_page(request: HttpRequest) -> HttpResponse:
    """Show who has which role, and invite somebody."""
    form, said, status = _form(request, request.POST or None), None, 200
    if request.method == "POST":
        try:
            if form.is_valid():
                sent = invite(
                    organisation=town_of(request),
                    email=form.cleaned_data["email"],
                    role=form.cleaned_data["role"],
                    project=form.projects.get(form.cleaned_data["project"]),
                    language=get_language() or "nl",
                    link_of=lambda token: request.build_absolute_uri(reverse("invitation", args=(token,))),
                    role_name=role_name,
                    by=clerk(request),
                    now=now(),
                )
                messages.success(request, gettext("The invitation was sent to %(email)s.") % {"email": sent.email})
                return redirect("desk_staff")
            status = 422
        except Refused as refused:
            said, status = refusal(refused), status_of(refused)
    return _page(request, form, said, status)


def _form(request: HttpRequest, typed: QueryDict | None = None) -> InvitationForm:
    projects = projects_at_the_desk(town_of(request)).prefetch_related(None)
    return InvitationForm(list(projects), typed)


def _page(request: HttpRequest, form: InvitationForm, said: dict[str, object] | None, status: int) -> HttpResponse:
    town = town_of(request)
    members: list[Membership | ProjectRole] = [*staff_of(town), *project_staff_of(town)]
    protected = with_second_factor([member.person_id for member in members])
    context = {
        "desk_items": town_items(request),
        "form": form,
        "refusal": said,
        "members": [
            {
                "row": member,
                "role": role_name(Role(member.role)),
                "protected": member.person_id in protected,
                "is_me": member.person_id == clerk(request).pk,
                "project": member.project if isinstance(member, ProjectRole) else None,
                # What the form of the row names: a person of the town, or a role in a project.
                "key": member.pk if isinstance(member, ProjectRole) else member.person_id,
            }
            for member in members
        ],
        "roles": [(role.value, role_name(role)) for role in STAFF],
        "invitations": [{"row": row, "role": role_name(Role(row.role))} for row in invitations_waiting(town, now())],
        "needs_second_factor": town.staff_second_factor,
    }
    return render(request, "participation/desk_staff.html", context, status=status)


@require_POST
@desk(DeskAct.PEOPLE)
def staff_change(request: HttpRequest) -> HttpResponse:
    """Change a role, take one back, take an invitation back, or ask for a second factor."""
    town, act = town_of(request), request.POST.get("act", "")
    key = request.POST.get("key", "")
    number = int(key) if key.isdecimal() and len(key) < 10 else 0
    try:
        if act == "withdraw":
            withdraw_invitation(organisation=town, key=number, by=clerk(request), now=now())
            messages.info(request, gettext("The invitation was taken back."))
        elif act in {"change_project", "remove_project"}:
            role = Role.RESIDENT.value if act == "remove_project" else request.POST.get("role", "")[:20]
            row = change_project_role(organisation=town, key=number, role=role, by=clerk(request))
            title = in_language(row.project.title, get_language() or "nl")
            if act == "remove_project":
                said = gettext("%(person)s does not work in “%(project)s” any more.")
            else:
                said = gettext("%(person)s is %(role)s in “%(project)s” now.")
            facts = {"person": row.person, "role": role_name(Role(row.role)), "project": title}
            messages.success(request, said % facts)
        elif act == "second_factor":
            needed = bool(request.POST.get("needed"))
            ask_second_factor(organisation=town, needed=needed, by=clerk(request))
            messages.success(request, gettext("It was kept. It holds from the next page on."))
        else:
            role = Role.RESIDENT.value if act == "remove" else request.POST.get("role", "")[:20]
            member = change_role(organisation=town, person=number, role=role, by=clerk(request))
            said = gettext("%(person)s is %(role)s now.")
            messages.success(request, said % {"person": member.person, "role": role_name(Role(member.role))})
    except Refused as refused:
        return _page(request, _form(request), refusal(refused), status_of(refused))
    return redirect("desk_staff")


@answering_refusals
def invitation_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation to whoever opens its link, and take them in once they are signed in."""
    town = town_of(request)
    found = invitation_of(town, token)
    if found is None:
        raise Refused(Code.INVITATION_UNKNOWN)
    check_invitation(found, now())
    person = person_of(request)
    if request.method == "POST":
        if person is None:
            return sign_in_first(request, back_to=request.path)
        role = accept_invitation(organisation=town, token=token, person=person, now=now())
        messages.success(request, gettext("Welcome. You are %(role)s here.") % {"role": role_name(role)})
        return redirect("desk")
    context = {"invitation": found, "role": role_name(Role(found.role)), "person": person}
    answer = render(request, "participation/invitation.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
