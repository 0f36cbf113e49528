"""A dossier as it is shown: its chapters and summary in the reader's language, with pictures, and as a file."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, get_language_info, gettext

from geo.ogc.answers import refusal
from geo.problems import ServerBusy
from geo.slots import EXPORTS
from participation.models import Project
from participation.rules.text import in_language
from participation.web.asking import now
from participation.web.printing import as_pdf
from participation.web.report import as_picture
from participation.web.result_tables import as_xlsx
from siting.models import Dossier
from siting.rules.stamps import digest
from siting.selectors.dossier import Told, told, without_hidden
from siting.selectors.studies import public_study
from siting.web import dossier_decision, dossier_scenarios, dossier_study
from siting.web.dossier_blocks import Chapter, Picture, day
from siting.web.dossier_pictures import PAPER_MM, drawings, drawn
from siting.web.dossier_tables import tables_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES = ("pdf", "xlsx", "json")
KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Shown:
    """A dossier as somebody reads it: a version that was published, or what would be published now."""

    project: Project
    told: Told
    fingerprint: str
    version: Dossier | None
    lost: bool

    @property
    def of(self) -> str:
        """By what its pictures and files are known: what stands in it, and what was taken out of sight since."""
        return f"{self.fingerprint}.{digest(dict(self.told.content)) if self.lost else ''}"

    @property
    def at(self) -> str:
        """The day of this dossier."""
        return day(self.version.published_at.isoformat() if self.version else now().isoformat())


def published(project: Project, version: Dossier) -> Shown:
    """A version as everybody may read it now."""
    content = without_hidden(project, version.content)
    return Shown(project, told(content), version.content_hash, version, content != version.content)


def languages_of(project: Project) -> list[str]:
    """The languages of the project's town."""
    return project.organisation.languages or ["nl"]


def language_for(request: HttpRequest, project: Project) -> str:
    """The language asked for when it is one of the town's, else the reader's."""
    asked = request.GET.get("language", "")
    return asked if asked in languages_of(project) else get_language() or "nl"


def chapters_of(shown: Shown, request: HttpRequest) -> list[Chapter]:
    """All chapters, in the reader's language."""
    whole = request.build_absolute_uri
    about, study = shown.told, shown.told.study
    study_page = reverse("study", args=(shown.project.slug, study.number))
    return [
        dossier_study.question(about),
        dossier_study.method(about),
        dossier_study.criteria(about),
        dossier_study.scores(about),
        dossier_scenarios.scenarios(about),
        dossier_decision.vote(about, whole),
        dossier_decision.decision(about),
        dossier_decision.open_points(about),
        dossier_decision.check(
            about,
            whole,
            fingerprint=shown.fingerprint,
            study_page=study_page if public_study(shown.project, study.number) else "",
            is_published=shown.version is not None,
            lost=shown.lost,
        ),
    ]


def summary_of(about: Told) -> list[str]:
    """The whole dossier in a few sentences, for who reads one page."""
    found = about.found
    said = []
    if found.order:
        first = ", ".join(found.sites[at].title for at in found.order[: about.study.n_first])
        said.append(gettext("These come first by score: %(titles)s.") % {"titles": first})
    said += [dossier_scenarios.sentence_of(row) for row in about.scenarios]
    said.append(dossier_decision.headline(about))
    decided = dossier_decision.tallied(about)
    said.append(
        gettext("Decided: %(states)s.") % {"states": decided} if decided else gettext("Nothing was decided yet.")
    )
    return said


def with_pictures(chapters: list[Chapter], source: Callable[[str], str]) -> list[Chapter]:
    """The chapters with each picture where ``source`` says it is; those there is nothing to draw for are left out."""
    found = []
    for chapter in chapters:
        blocks = [replace(one, src=source(one.name)) if isinstance(one, Picture) else one for one in chapter.blocks]
        found.append(replace(chapter, blocks=[one for one in blocks if not isinstance(one, Picture) or one.src]))
    return found


def standing_in(shown: Shown, *, width_mm: float) -> Callable[[str], str]:
    """Pictures that stand in the page itself."""
    how = drawings(shown.told, width_mm)
    return lambda name: as_picture(drawn(name, how, of=shown.of, width_mm=width_mm)) if name in how else ""


def title_of(shown: Shown, text: str = "title") -> str:
    """The title (or ``question``) of the project as it was then, in the reader's language."""
    return in_language(shown.told.content["project"][text], get_language() or "nl")


def context_of(shown: Shown, chapters: list[Chapter]) -> dict[str, Any]:
    """What the templates of a dossier show, on screen and on paper."""
    return {
        "project": shown.project,
        "title": title_of(shown),
        "question": title_of(shown, "question"),
        "chapters": chapters,
        "summary": summary_of(shown.told),
        "version": shown.version,
        "at": shown.at,
        "fingerprint": shown.fingerprint,
    }


def file_of(request: HttpRequest, shown: Shown, kind: str) -> HttpResponse:
    """A dossier as a file, in the language that is set."""
    name = f"{shown.project.slug}-dossier" + (f"-{shown.version.version}" if shown.version else "")
    headers = {"Content-Disposition": f'inline; filename="{name}.{kind}"', "Cache-Control": "private, no-cache"}
    if kind == "xlsx":
        about = [
            (gettext("Decision dossier"), title_of(shown)),
            (gettext("Version"), str(shown.version.version) if shown.version else gettext("draft")),
            (gettext("As it stood on"), shown.at),
            (gettext("Fingerprint"), shown.fingerprint),
        ]
        made_at = shown.version.published_at if shown.version else shown.told.study.finished_at
        book = as_xlsx(tables_of(shown.told), about, made_at=made_at)
        return HttpResponse(book, content_type=XLSX, headers=headers)
    if kind == "json":
        whole = {
            "version": shown.version.version if shown.version else None,
            "published_at": shown.version.published_at.isoformat() if shown.version else None,
            "content_hash": shown.fingerprint,
            "content": dict(shown.told.content),
        }
        text = json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1)
        return HttpResponse(text, content_type="application/json; charset=utf-8", headers=headers)
    try:
        return HttpResponse(_pdf(request, shown), content_type="application/pdf", headers=headers)
    except ServerBusy as busy:
        return refusal(busy)


def _pdf(request: HttpRequest, shown: Shown) -> bytes:
    """Set it on paper, or take it as it was set before; one at a time, for setting takes the processor for seconds.

    Raises   ServerBusy.
    """
    key = f"dossier.pdf.{digest([shown.of, get_language(), shown.at, request.get_host()])}"
    kept: bytes | None = cache.get(key)
    if kept is not None:
        return kept
    with EXPORTS:
        chapters = with_pictures(chapters_of(shown, request), standing_in(shown, width_mm=PAPER_MM))
        made = as_pdf(render_to_string("siting/dossier_print.html", context_of(shown, chapters), request=request))
    cache.set(key, made, KEPT_SECONDS)
    return made


def language_choices(project: Project) -> list[tuple[str, str]]:
    """The languages of the town, each by its own name."""
    return [(code, get_language_info(code)["name_local"]) for code in languages_of(project)]
