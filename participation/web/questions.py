"""How questions are drawn and answers are said: in the form, with a proposal, at the desk."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from participation.models import AnswerFile, Draft, FormVersion, Project
from participation.rules.questions import (
    LONG_MAX,
    PLACES,
    UPLOADS,
    WITH_OPTIONS,
    Answers,
    Asked,
    Changes,
    Kind,
    Question,
    Raw,
    corners_of,
    read,
)
from participation.rules.refusals import Refused
from participation.rules.text import in_language
from participation.selectors.answer_layers import AGREEMENT_NAMES
from participation.selectors.forms import version_numbered
from participation.services.answer_files import add_answer_file, drop_answer_file
from participation.services.answers import ANSWERS, VERSION, written_in
from participation.web.asking import now
from participation.web.maps import map_config
from participation.web.sentences import refusal

KIND_NAMES = {
    Kind.SHORT: _("short text"),
    Kind.LONG: _("long text"),
    Kind.ONE: _("one of several answers"),
    Kind.MANY: _("one or more of several answers"),
    Kind.AGREE: _("agree or disagree"),
    Kind.NUMBER: _("number"),
    Kind.DATE: _("day"),
    Kind.PHOTO: _("photo"),
    Kind.FILE: _("document"),
    Kind.POINT: _("place on the map"),
    Kind.LINE: _("line on the map"),
    Kind.AREA: _("area on the map"),
}
# What was typed is kept even when it is refused, cut where no honest text is longer.
_KEPT_MAX = 4 * LONG_MAX
# Only such keys stand in a style sheet.
_KEY = re.compile(r"[a-z][a-z0-9]{0,9}|[1-5]")


def option_name(one: Question, key: str) -> str:
    """What an option is called in the reader's language; an option that is gone by its key."""
    if one.kind is Kind.AGREE:
        return str(AGREEMENT_NAMES.get(key, key))
    texts = {option.key: option.text for option in one.options}
    return said(texts[key]) if key in texts else key


def said(text: Mapping[str, str]) -> str:
    """A text of the town in the reader's language, or in the nearest one there is."""
    return in_language(text, get_language() or "nl")


def answer_said(one: Question, value: Any) -> str:
    """An answer in words; of a file nothing (``files`` of the sheet are shown instead)."""
    if one.kind in UPLOADS:
        return ""
    if isinstance(value, list):
        return ", ".join(option_name(one, key) for key in value)
    if one.kind in WITH_OPTIONS or one.kind is Kind.AGREE:
        return option_name(one, value)
    if isinstance(value, dict):
        return "; ".join(f"{lat:.5f}, {lon:.5f}" for lon, lat in corners_of(value))
    if one.kind is Kind.DATE:
        day = parse_date(value)
        return date_format(day, "DATE_FORMAT") if day else str(value)
    return str(number_format(value, use_l10n=True)) if one.kind is Kind.NUMBER else str(value)


@dataclass(frozen=True, slots=True)
class Shown:
    """One question as a form draws it.

    ``options`` are (key, words, chosen); ``news`` says that it is new or asks something else than before.
    """

    question: Question
    value: str
    options: list[tuple[str, str, bool]]
    when_said: str
    error: str
    news: str
    file: AnswerFile | None
    alt: str

    @property
    def key(self) -> str:
        """Its key."""
        return self.question.key

    @property
    def kind(self) -> str:
        """Its kind, as the template asks for it."""
        return self.question.kind.value

    @property
    def label(self) -> str:
        """The question in the reader's language."""
        return said(self.question.label)

    @property
    def is_group(self) -> bool:
        """Is it answered by several controls?"""
        return bool(self.options)

    @property
    def is_place(self) -> bool:
        """Is it answered with places?"""
        return self.question.kind in PLACES

    @property
    def bounds_said(self) -> str:
        """Between what a number must lie."""
        low, high = self.question.at_least, self.question.at_most
        if low is not None and high is not None:
            return gettext("From %(low)s to %(high)s.") % {"low": _plain(low), "high": _plain(high)}
        if low is not None:
            return gettext("At least %(low)s.") % {"low": _plain(low)}
        return gettext("At most %(high)s.") % {"high": _plain(high)} if high is not None else ""


def _plain(value: float) -> str:
    return str(number_format(int(value) if float(value).is_integer() else value, use_l10n=True))


def shown_questions(
    questions: Sequence[Question],
    raw: Raw,
    *,
    refusals: Mapping[str, Refused] | None = None,
    changed: Changes | None = None,
    files: Mapping[str, AnswerFile] | None = None,
) -> list[Shown]:
    """Draw all questions with what was typed; one that depends on another says so (``hiding_css`` hides it)."""
    by_key = {one.key: one for one in questions}
    refused = refusals or {}
    rows = []
    for one in questions:
        given = raw.get(one.key, "")
        ticked = set(given if isinstance(given, list) else [given])
        news = ""
        if changed and one.key in changed.new:
            news = gettext("New")
        elif changed and one.key in changed.changed:
            news = gettext("Changed")
        file = (files or {}).get(one.key)
        rows.append(
            Shown(
                question=one,
                value=given if isinstance(given, str) else "",
                options=[(key, option_name(one, key), key in ticked) for key in one.option_keys],
                when_said=_when_said(one, by_key),
                error=str(refusal(refused[one.key])["sentence"]) if one.key in refused else "",
                news=news,
                file=file,
                alt=file.alt if file else "",
            )
        )
    return rows


def _when_said(one: Question, by_key: Mapping[str, Question]) -> str:
    if one.when is None or one.when.question not in by_key:
        return ""
    asked = by_key[one.when.question]
    names = [gettext("“%(title)s”") % {"title": option_name(asked, key)} for key in one.when.options]
    return gettext("Only if you answered %(answers)s to “%(question)s”.") % {
        "answers": gettext(" or ").join(names),
        "question": said(asked.label),
    }


def place_map(project: Project, questions: Sequence[Question]) -> dict[str, Any] | None:
    """The map beside a question that asks for places; none where no question does."""
    if not any(one.kind in PLACES for one in questions):
        return None
    return map_config(project, mode="draw", tiles=None, themes={})


def hiding_css(questions: Sequence[Question]) -> str:
    """A style sheet that hides questions which depend on an answer that is not given: it needs no script.

    Where a browser does not know ``:has()`` all of them are shown, each with the sentence that says when it counts.
    """
    by_key = {one.key: one for one in questions}
    rules = []
    for one in questions:
        on, seen = one, {one.key}
        while on.when is not None and on.when.question in by_key:
            keys = [on.when.question, *on.when.options]
            if not all(_KEY.fullmatch(key) for key in [one.key, *keys]):
                break
            chosen = ", ".join(f"#id_{on.when.question}_{key}:checked" for key in on.when.options)
            rules.append(f".kp-questions:not(:has({chosen})) #ask_{one.key} {{ display: none; }}")
            on = by_key[on.when.question]
            if on.key in seen:
                break
            seen.add(on.key)
    if not rules:
        return ""
    return "\n".join([*rules, "@supports selector(:has(*)) { .kp-question__when { display: none; } }"])


def answer_rows(
    questions: Sequence[Question], answers: Answers, files: Mapping[str, AnswerFile]
) -> list[dict[str, object]]:
    """What was answered, to be read: label, words or file. Answers are kept of questions that were shown alone."""
    return [
        {
            "question": one,
            "label": said(one.label),
            "said": answer_said(one, answers[one.key]),
            "file": files.get(str(answers[one.key])) if one.kind in UPLOADS else None,
            "is_long": one.kind is Kind.LONG,
        }
        for one in questions
        if one.key in answers
    ]


# --- reading what a form sent -----------------------------------------------------------------------------------------


def asked_version(request: HttpRequest, project: Project, asked: Asked, current: FormVersion) -> FormVersion:
    """Under which version was the page made that was sent?"""
    number = request.POST.get("version", "")
    if number.isdecimal() and len(number) < 9 and int(number) != current.number:
        return version_numbered(project, asked, int(number)) or current
    return current


def filled_in(request: HttpRequest, version: FormVersion, content: Mapping[str, Any]) -> dict[str, Any]:
    """What a draft keeps of a form that was sent: what was typed over what stood there, and under which version."""
    raw = written_in(content)
    for one in read(version.questions):
        if one.kind in UPLOADS:
            continue
        name = f"a_{one.key}"
        if one.kind is Kind.MANY:
            raw[one.key] = [key[:20] for key in request.POST.getlist(name)[:100]]
        else:
            raw[one.key] = request.POST.get(name, "").replace("\x00", "")[:_KEPT_MAX]
    return dict(content) | {ANSWERS: raw, VERSION: version.number}


def take_files(request: HttpRequest, draft: Draft, version: FormVersion) -> dict[str, Refused]:
    """Put what was sent along into the draft, or out of it; why something was not taken, by question."""
    refused: dict[str, Refused] = {}
    for one in read(version.questions):
        if one.kind not in UPLOADS:
            continue
        if request.POST.get("drop_file") == one.key:
            drop_answer_file(draft=draft, question=one.key)
            continue
        file = request.FILES.get(f"a_{one.key}")
        if file is None:
            continue
        try:
            add_answer_file(
                draft=draft,
                question=one,
                file=file,
                size=file.size or 0,
                name=str(file.name),
                alt=request.POST.get(f"alt_{one.key}", ""),
                now=now(),
            )
        except Refused as why:
            refused[one.key] = why
    return refused
