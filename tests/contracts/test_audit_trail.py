"""Whatever staff do at the desk leaves a line in the audit trail, and each line has its words.

Every address that takes forms alone stands in the table of tests/contracts/trail.py, with each act that its view tells
apart; whatever pages and API have done by a service is held by who may call it: a service that writes no line stands
in one of the two tables below. What leaves the desk as data: tests/contracts/test_data_taken.py.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.urls import resolve
from django.utils import translation
from pytest_django import Settings

from participation.models import Phase, Project, Record
from participation.queries.voting import database_now
from participation.rules.questions import Asked
from participation.rules.tokens import Scope
from participation.services.comments import add_comment
from participation.services.questions import NEW, set_question
from participation.services.setup import begin_project, remove_phase
from participation.services.tokens import make_token
from participation.web import acts
from participation.web.acts import DETAILS, SAID
from siting.models import Scenario, Study
from tests.cast import Cast
from tests.contracts.pages import MAY_SEND, ROWS
from tests.contracts.test_pages import address, client_of, staged
from tests.contracts.trail import LEAVES_A_LINE
from tests.forms import SURVEY

__all__ = ["staged"]

IN_AN_HOUR = timedelta(hours=1)

# Services that pages and API call and that write no line: what residents do for themselves,
OF_RESIDENTS = {
    "add_answer_file", "add_photo", "adopt_drafts", "answer_without_account", "cancel_export", "cast_ballot", "claim",
    "check_by_letter", "check_pace", "check_without_account", "count_try", "drop_answer_file", "drop_draft",
    "drop_photo", "follow", "forget_tries", "keep_draft", "known_person", "once", "rename", "report", "send_answers",
    "send_draft", "send_without_account", "set_follow", "set_reminders", "support", "take_back_support", "note_use",
}  # fmt: skip
# and what only reads, checks or computes.
OF_NO_ACT = {
    "area_of_neighbourhoods", "changes_since", "check_invitation", "checked", "checked_place", "counted_by", "folder",
    "of_way_out", "outcome_by", "path_of", "person_of_token", "refused_rows", "rules_for", "seed_of", "settings_of",
    "surface", "try_on_paper", "typed_in", "winners_of", "with_method", "written_in",
}  # fmt: skip


# --- addresses that take forms alone ----------------------------------------------------------------------------------


def test_every_address_of_the_desk_that_takes_forms_alone_has_a_row() -> None:
    assert set(LEAVES_A_LINE) == {name for name in MAY_SEND if name.startswith("desk_")}


def told_apart(view: Callable[..., Any]) -> set[str]:
    """Which acts of a form does a view tell apart: in the cases of a match, in comparisons, by the keys of a table?"""
    view = inspect.unwrap(view)
    found = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(view)))):
        if isinstance(node, ast.Match) and _is_the_act(node.subject):
            patterns = [part for case in node.cases for part in ast.walk(case.pattern)]
            found |= {part.value.value for part in patterns if isinstance(part, ast.MatchValue)}  # type: ignore[attr-defined]
        elif isinstance(node, ast.Compare) and _is_the_act(node.left):
            for other in node.comparators:
                told = view.__globals__[other.id] if isinstance(other, ast.Name) else ast.literal_eval(other)
                found |= {told} if isinstance(told, str) else set(told)
    return found


def _is_the_act(node: ast.expr) -> bool:
    said = ast.unparse(node)
    return said == "act" or "get('act'" in said


def test_every_act_that_a_view_tells_apart_has_a_row() -> None:
    missing = {}
    for name, rows in LEAVES_A_LINE.items():
        view = resolve(address(name, ROWS[name])).func
        missing[name] = told_apart(view) - set(rows)
        if len(rows) > 1 and name != "desk_inventory_change":
            assert told_apart(view), f"{name} tells its acts apart in a way that is not understood here"
    assert {name: acts for name, acts in missing.items() if acts} == {}


def test_an_act_without_a_row_would_be_seen() -> None:
    """The control: each way to tell acts apart is read."""
    assert told_apart(_with_cases) == {"stop", "copy"}
    assert told_apart(_with_comparisons) == {"stop", "copy", "publish", "off"}


def _with_cases(request: Any) -> None:
    match request.POST.get("act"):
        case "stop" | "copy":
            pass


def _with_comparisons(request: Any) -> bool:
    act = request.POST.get("act", "")
    return act == "stop" or act in {"copy", "publish"} or request.POST.get("act") != "off"


def test_whatever_staff_send_leaves_a_line(staged: Cast, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    client = client_of(staged, "manager")
    without = {}
    details = set()
    for name, rows in LEAVES_A_LINE.items():
        for act, prepare in rows.items():
            cache.clear()
            with transaction.atomic():
                where, sent = prepare(staged)
                before = Record.objects.count()
                answer = client.post(address(name, ROWS[name], **where), ({"act": act} if act else {}) | sent)
                lines = Record.objects.order_by("-pk")[: Record.objects.count() - before]
                if not any(line.person == staged["Marc"] for line in lines):
                    without[name, act] = (answer.status_code, answer.content.decode()[-600:])
                details |= {key for line in lines for key in line.detail}
                transaction.set_rollback(True)
    assert without == {}
    # Each fact beside an act has its word.
    assert details <= set(DETAILS)


def test_the_api_leaves_the_same_lines_and_none_when_nothing_was_stopped(staged: Cast) -> None:
    made, secret = make_token(
        organisation=staged.town, by=staged["Piet"], now=database_now(), name="QGIS", scopes=list(Scope), days=30
    )
    sent = {
        "data": {"act": "stop"},
        "content_type": "application/json",
        "headers": {"Authorization": f"Bearer {secret}"},
    }
    client = client_of(staged, "nobody")
    Study.objects.filter(project=staged.project, number=2).update(state="running")
    Scenario.objects.filter(study__project=staged.project, number=2).update(state="queued", result=None)
    for _twice in range(2):
        for path in ("studies/2/acts", "studies/1/scenarios/2/acts"):
            answer = client.post(f"/api/v1/desk/projects/laden/{path}", **sent)  # type: ignore[arg-type]
            assert answer.status_code == 200, answer.content
    stopped = Record.objects.filter(act__endswith=".stopped").order_by("pk")
    assert [(row.act, row.subject, row.person) for row in stopped] == [
        ("study.stopped", "study 2", made.person), ("scenario.stopped", "scenario 1.2", made.person),
    ]  # fmt: skip


# --- services ---------------------------------------------------------------------------------------------------------


def _services() -> dict[str, list[tuple[Path, ast.FunctionDef]]]:
    found: dict[str, list[tuple[Path, ast.FunctionDef]]] = {}
    for app in ("participation", "siting"):
        for path in Path(app, "services").rglob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef):
                    found.setdefault(node.name, []).append((path, node))
    return found


def _calls(node: ast.AST) -> Iterator[str]:
    for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
        said = ast.unparse(call.func)
        yield "record_act" if said == "Record.objects.create" else said.rpartition(".")[2]


def _writes_a_line(name: str, services: dict[str, list[tuple[Path, ast.FunctionDef]]], *seen: str) -> bool:
    """Does a service write a line, itself or by what it calls?"""
    called = {other for _path, node in services.get(name, ()) for other in _calls(node)} - {name, *seen}
    return "record_act" in called or any(_writes_a_line(each, services, name, *seen) for each in called)


def _called_from_outside(services: dict[str, list[tuple[Path, ast.FunctionDef]]]) -> set[str]:
    """The services that pages and API take in, by name or by their module."""
    found = set()
    for path in (path for app in ("participation", "siting") for path in Path(app).rglob("*.py")):
        if not {"web", "api"} & set(path.parts) and path.name != "middleware.py":
            continue
        tree = ast.parse(path.read_text())
        modules = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and ".services" in (node.module or ""):
                taken = {each.asname or each.name: each.name for each in node.names}
                modules |= {alias for alias, name in taken.items() if name not in services}
                found |= {name for name in taken.values() if name in services}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                found |= {node.attr} & set(services)
    return found


def test_whatever_pages_and_api_have_done_leaves_a_line_or_is_no_act_of_staff() -> None:
    services = _services()
    without = {name for name in _called_from_outside(services) if not _writes_a_line(name, services)}
    assert without == OF_RESIDENTS | OF_NO_ACT
    # The control: to stop without saying who did it, as the worker's half does, would stand out.
    assert not _writes_a_line("stop_run", services)
    assert {"stop_study", "stop_scenario", "send_again"} <= _called_from_outside(services)


def test_every_change_of_a_draft_leaves_a_line(staged: Cast) -> None:
    """Steps of setting up as their pages send them, and what their lists do."""
    draft = begin_project(
        organisation=staged.town, title="Ontwerp", template=None, copy_of=staged.project,
        starts_at=database_now() + IN_AN_HOUR, by=staged["Piet"],
    )  # fmt: skip
    vote = Phase.objects.get(project=draft)
    forms: dict[str, dict[str, object]] = {
        "question": {"title_nl": "Ontwerp", "question_nl": "Waar?", "summary_nl": "Kort."},
        "rules": {"rules_nl": "Drie keuzes.", "outcome_nl": "De volgorde."},
        "consider": {"promise": "Ja."},
    }
    client = client_of(staged, "planner")
    for step, sent in forms.items():
        before = Record.objects.filter(project=draft, act="project.changed").count()
        answer = client.post(f"/desk/projects/{draft.slug}/setup/{step}/", sent)
        assert answer.status_code == 302, answer.content.decode()[-800:]
        assert Record.objects.filter(project=draft, act="project.changed").count() > before, step
    before = Record.objects.filter(project=draft, act="project.changed").count()
    set_question(project=draft, asked=Asked.ALONE, question=replace(SURVEY[0], key=NEW), by=staged["Piet"])
    remove_phase(project=draft, key=vote.pk, by=staged["Piet"], now=database_now())
    assert Record.objects.filter(project=draft, act="project.changed").count() == before + 2
    assert Project.objects.get(pk=draft.pk).state == Project.State.DRAFT


def test_what_the_town_says_on_a_page_of_residents_leaves_a_line_and_what_residents_say_does_not(staged: Cast) -> None:
    Phase.objects.create(project=staged.project, position=2, kind="discuss", opens_at=staged.vote.opens_at)
    for who, n in (("An", 0), ("Mo", 1)):
        add_comment(
            proposal=staged.options[0], person=staged[who], text="Ja", parent=None, language="nl", now=database_now()
        )
        assert Record.objects.filter(act="comment.by_city").count() == n


# --- words ------------------------------------------------------------------------------------------------------------


def test_each_act_has_its_words() -> None:
    found = set()
    for app in ("participation", "siting"):
        for path in Path(app, "services").rglob("*.py"):
            text = path.read_text()
            found |= set(re.findall(r'act="(\w+\.\w+)"', text))
            found |= set(re.findall(r'_(?:record(?:ed)?|read)\([^")]*"(\w+\.\w+)"', text))
    assert len(found) > 60
    assert found | {"data.taken"} <= set(SAID)


def test_a_line_says_what_it_is_about_in_the_language_of_the_reader(staged: Cast) -> None:
    def line(act: str, subject: str) -> tuple[str, str]:
        row = Record(organisation=staged.town, act=act, subject=subject)
        return acts.subject_said(row), acts.said(row)

    with translation.override("nl"):
        assert line("study.stopped", "study 2") == ("studie 2", "studie 2 werd gestopt")
        assert line("scenario.dropped", "scenario 1.2")[0] == "scenario 1.2"
        assert line("project.changed", "title, question")[0] == "titel, vraag"
        assert line("proposal.hidden", "proposal 7")[0] == "#7"
    with translation.override("de"):
        assert line("scenario.dropped", "scenario 1.2")[0] == "Szenario 1.2"
        # A name is nobody's number.
        assert line("layer.shown", "study 2")[0] == "study 2"
    Record.objects.create(organisation=staged.town, act="study.stopped", subject="study 2")
    piet = client_of(staged, "planner")
    page = piet.get("/desk/acts/?act=study.stopped", headers={"accept-language": "fr"}).content.decode()
    assert page.count("étude 2") == 2
    assert "study 2" not in page
    file = b"".join(piet.get("/desk/acts.csv?act=study.stopped", headers={"accept-language": "fr"})).decode()
    assert "étude 2" in file
    assert "étude 2 a été arrêté" in file


def test_each_part_of_a_project_that_is_changed_has_a_word() -> None:
    found = set()
    for path in Path("participation", "services").rglob("*.py"):
        found |= set(re.findall(r'note_change\(project, by, "(\w+)"', path.read_text()))
    assert {"zones", "phases"} <= found <= set(acts.THINGS)
