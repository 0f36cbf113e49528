"""Says who may do what, before anybody tries."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from participation.models import Person, Project
from participation.rules.access import Level, check_access
from participation.rules.phases import Act
from participation.rules.refusals import Refused
from participation.selectors.access import is_verified, level_in
from participation.selectors.forms import FormHere
from participation.selectors.projects import Standing
from participation.web.sentences import moment, refusal

# What each act is called in a list, and who may do it.
ACT_NAMES = {
    Act.PROPOSE: _("propose"),
    Act.SUPPORT: _("support proposals"),
    Act.COMMENT: _("comment"),
    Act.ANSWER: _("answer questions"),
    Act.REPORT: _("report what does not belong here"),
    Act.FOLLOW: _("follow"),
    Act.VOTE: _("vote"),
}
LEVEL_NAMES = {
    Level.ANYONE: _("everyone, also without an account"),
    Level.MAIL: _("everyone with a confirmed mail address"),
    Level.VERIFIED: _("residents whom the town verified"),
}
PROPOSING = {
    Level.ANYONE: _("You need no account to propose. The town looks at it before it is public."),
    Level.MAIL: _("To propose you sign in with a code by mail. You need no password."),
    Level.VERIFIED: _("Only residents whom the town verified can propose here. Not verified yet? Ask the town."),
}
# The acts that have a page of their own; each app that brings one adds it.
offered: list[Act] = [Act.PROPOSE, Act.SUPPORT, Act.COMMENT, Act.ANSWER, Act.REPORT, Act.FOLLOW, Act.VOTE]
# Possible in nearly every phase, and said where they are done: the sentence about now is for what the phase is for.
BESIDE = frozenset({Act.REPORT, Act.FOLLOW})


ANSWERING = {
    Level.ANYONE: _("You need no account to answer."),
    Level.MAIL: _("To send your answers you sign in with a code by mail. You need no password."),
    Level.VERIFIED: _("Only residents whom the town verified can answer here. Not verified yet? Ask the town."),
}


def _offered_here(form: FormHere) -> list[Act]:
    """What can be done in a project: one that is a form alone has nothing to support or to follow."""
    if form is FormHere.ALONE:
        return [Act.ANSWER]
    return [act for act in offered if act is not Act.ANSWER or form is not FormHere.NONE]


def access_rows(project: Project, where: Standing, form: FormHere) -> list[tuple[str, str]]:
    """Say for each act that some phase opens who may do it: (act, who). Who votes is told with the vote itself."""
    opened = {act for phase in where.phases for act in where.acts_of(phase)}
    return [
        (str(ACT_NAMES[act]), str(LEVEL_NAMES[level_in(project, where, act)]))
        for act in _offered_here(form)
        if act in opened and act is not Act.VOTE
    ]


def proposing_said(project: Project, where: Standing) -> str:
    """Say who may propose here."""
    return str(PROPOSING[level_in(project, where, Act.PROPOSE)])


def answering_said(project: Project, where: Standing) -> str:
    """Say who may answer the questions of the form."""
    return str(ANSWERING[level_in(project, where, Act.ANSWER)])


def not_let_in(project: Project, where: Standing, act: Act, person: Person | None) -> dict[str, object] | None:
    """The refusal that waits for who is signed in, said before they fill anything in; None where nothing does."""
    if person is None:
        return None
    level = level_in(project, where, act)
    try:
        check_access(
            level,
            signed_in=True,
            has_mail=person.email is not None,
            is_verified=level is Level.VERIFIED and is_verified(project.organisation, person),
        )
    except Refused as refused:
        return refusal(refused)
    return None


def _listed(acts: list[str]) -> str:
    if len(acts) < 2:
        return "".join(acts)
    return gettext("%(first)s and %(last)s") % {"first": ", ".join(acts[:-1]), "last": acts[-1]}


def now_said(where: Standing, form: FormHere) -> str:
    """Say what may be done now; nothing where nothing may."""
    acts = [str(ACT_NAMES[act]) for act in _offered_here(form) if act in where.acts and act not in BESIDE]
    return gettext("Now you can %(acts)s.") % {"acts": _listed(acts)} if acts else ""


def next_said(where: Standing, name: str) -> str:
    """Say what comes next and when: the phase of this name is the next to open."""
    if where.next is None:
        return ""
    return gettext("Next: “%(phase)s”, opens %(opens_at)s.") % {"phase": name, "opens_at": moment(where.next.opens_at)}
