"""Access for programs: how QGIS and scripts reach the town's data, and the tokens they need."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from participation.models import Token
from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct
from participation.rules.tokens import LIVES_DAYS, NAME_MAX, Scope
from participation.selectors.tokens import tokens_at_the_desk
from participation.services.embedding import set_embed_hosts
from participation.services.tokens import make_token, revoke_token
from participation.web.asking import desk, may_do, town_of
from participation.web.desk import clerk, town_items
from participation.web.sentences import refusal, status_of

SCOPES = {
    Scope.READ: _("Read: layers, files, proposals and queues that you see too"),
    Scope.CONTRIBUTE: _("Contribute: propose, support, comment and answer in your name"),
    Scope.VOTE: _("Vote: read and cast your own ballot"),
    Scope.MODERATE: _("Moderate: publish, hide, join and shortlist, as far as you may"),
    Scope.DECIDE: _("Decide: studies, decisions, closing times and ballots on paper, as far as you may"),
    Scope.SET_UP: _("Set up: projects, zones and files of proposals, as far as you may"),
}


class TokenForm(forms.Form):
    """Asks what a token is for, what it may do and how long."""

    name = forms.CharField(
        label=_("What is it for?"), help_text=_("Such as “QGIS on my laptop”."), max_length=NAME_MAX,
        error_messages={"required": _("Say what the token is for, so that you know it again later.")},
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        choices=[(scope.value, said) for scope, said in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ.value],
        error_messages={"required": _("Tick at least one thing that the token may be used for.")},
    )
    days = forms.TypedChoiceField(label=_("How long is it good for?"), coerce=int, initial=LIVES_DAYS[1])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lives = [(days, ngettext("%(n)s day", "%(n)s days", days) % {"n": days}) for days in LIVES_DAYS]
        self.fields["days"].choices = lives  # type: ignore[attr-defined]


@desk(DeskAct.SEE, anywhere=True)
def access_page(request: HttpRequest) -> HttpResponse:
    """Show how programs get in and which tokens there are; a POST makes one and shows it, this one time."""
    town, person, now = town_of(request), clerk(request), timezone.now()
    form = TokenForm(request.POST or None)
    said, status, secret = None, 200, ""
    made: Token | None = None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made, secret = make_token(organisation=town, by=person, now=now, **form.cleaned_data)
            except Refused as refused:
                said, status = refusal(refused), status_of(refused)
            else:
                form, status = TokenForm(), 200
    tokens = tokens_at_the_desk(town, person, now)
    context = {
        "form": form,
        "refusal": said,
        "made": made,
        "secret": secret,
        "tokens": [(token, [SCOPES[Scope(scope)].partition(":")[0] for scope in token.scopes]) for token in tokens],
        "desk_items": town_items(request),
        "ogc_url": request.build_absolute_uri(reverse("ogc_landing")),
        "api_url": request.build_absolute_uri(reverse("api_docs")),
        "sites": "\n".join(town.embed_hosts),
        "may_embed": may_do(request, DeskAct.TOKENS),
        "embed_url": request.build_absolute_uri(reverse("embed", args=("PROJECT",))),
    }
    response = render(request, "participation/desk_access.html", context, status=status)
    # The page may hold a token: no cache keeps it, not even the browser's own for its back button.
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@desk(DeskAct.SEE, anywhere=True)
def revoke(request: HttpRequest, key: int) -> HttpResponse:
    """Withdraw a token."""
    token = revoke_token(organisation=town_of(request), key=key, by=clerk(request), now=timezone.now())
    messages.success(request, gettext("“%(name)s” does not get in any more.") % {"name": token.name})
    return redirect("desk_access")


@require_POST
@desk(DeskAct.TOKENS)
def embedding(request: HttpRequest) -> HttpResponse:
    """Set which sites may show a project within their pages."""
    set_embed_hosts(organisation=town_of(request), text=request.POST.get("sites", ""), by=clerk(request))
    messages.success(request, gettext("Kept. It holds within some seconds."))
    return redirect("desk_access")
