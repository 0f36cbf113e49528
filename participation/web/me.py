"""What is mine: my proposals, my supports, my ballots, and the name others see."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from participation.models import Proposal, Support
from participation.rules.wording import PUBLIC_NAME_MAX
from participation.selectors.access import is_verified
from participation.selectors.forms import forms_answered_by
from participation.selectors.projects import ballots_of
from participation.selectors.responses import responses_for
from participation.services.people import rename
from participation.web.asking import person_of, sign_in_first, town_of


class NameForm(forms.Form):
    """The name others see beside a contribution."""

    public_name = forms.CharField(
        label=_("Name that others see"),
        help_text=_("A first name or a nickname is enough. Leave it empty to stay “a resident”."),
        max_length=PUBLIC_NAME_MAX,
        required=False,
    )


def me(request: HttpRequest) -> HttpResponse:
    """Show what this person did in this town, and let them choose their public name."""
    person = person_of(request)
    if person is None:
        return sign_in_first(request, back_to=reverse("me"))
    form = NameForm(request.POST or None, initial={"public_name": person.public_name})
    if request.method == "POST" and form.is_valid():
        rename(person, public_name=form.cleaned_data["public_name"])
        messages.success(request, gettext("Your name was changed."))
        return redirect("me")
    town = town_of(request)
    context = {
        "form": form,
        "proposals": Proposal.objects.filter(author=person, project__organisation=town).select_related("project"),
        "supports": Support.objects.filter(person=person, proposal__project__organisation=town)
        .select_related("proposal__project")
        .order_by("-created_at")[:50],
        "forms": forms_answered_by(person, town_of(request)),
        "is_verified": is_verified(town, person),
        "ballots": ballots_of(person, town),
        "responses": responses_for(person, town)[:50],
    }
    return render(request, "participation/me.html", context, status=422 if form.errors else 200)
