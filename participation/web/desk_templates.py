"""The town's words for what it often answers, kept by staff."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from participation.rules.refusals import Refused
from participation.rules.roles import DeskAct
from participation.selectors.queue import templates_of
from participation.services.moderation import drop_template, keep_template
from participation.web.asking import desk, town_of
from participation.web.desk import clerk, town_items
from participation.web.sentences import refusal


@desk(DeskAct.MODERATE)
def templates_page(request: HttpRequest) -> HttpResponse:
    """Show the templates; keep one, or forget one."""
    town = town_of(request)
    languages = list(town.languages or ["nl"])
    context: dict[str, object] = {}
    if request.method == "POST":
        key = request.POST.get("drop", "")
        try:
            if key.isdecimal() and len(key) < 16:
                drop_template(organisation=town, pk=int(key), by=clerk(request))
                messages.info(request, gettext("The template is gone."))
            else:
                texts = {language: request.POST.get(f"text_{language}", "") for language in languages}
                keep_template(organisation=town, name=request.POST.get("name", ""), text=texts, by=clerk(request))
                messages.success(request, gettext("The template was kept."))
            return redirect("desk_templates")
        except Refused as refused:
            context["refusal"] = refusal(refused)
    context |= {
        "templates": templates_of(town),
        "fields": [(language, request.POST.get(f"text_{language}", "")) for language in languages],
        "name": request.POST.get("name", ""),
        "desk_items": town_items(request),
    }
    return render(request, "participation/desk_templates.html", context, status=422 if "refusal" in context else 200)
