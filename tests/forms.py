"""A form for the cast: a survey of its own, and questions with every proposal."""

from datetime import UTC, datetime, timedelta

from participation.models import FormVersion, Phase, Project
from participation.rules.questions import Asked, Kind, Option, Question, When, written
from tests.cast import Cast, text

OPTIONS = (Option("o1", text("Ja")), Option("o2", text("Nee")))
SURVEY = (
    Question("q1", Kind.ONE, text("Ken je de pas?"), options=OPTIONS, is_required=True, is_public=True),
    Question("q2", Kind.MANY, text("Waarvoor?"), options=OPTIONS, when=When("q1", ("o1",)), is_required=True),
    Question("q3", Kind.LONG, text("Wat mis je?")),
    Question("q4", Kind.NUMBER, text("Hoe oud?"), at_least=6.0, at_most=120.0),
)
WITH_PROPOSAL = (
    Question("q1", Kind.SHORT, text("Welke straat?"), is_required=True, is_public=True),
    Question("q2", Kind.SHORT, text("Hoe bereiken we je?")),
    Question("q3", Kind.PHOTO, text("Een foto"), is_public=True),
    Question("q4", Kind.FILE, text("Een plan")),
    Question("q5", Kind.LINE, text("Welke weg?")),
)


def ask(project: Project, asked: Asked, questions: tuple[Question, ...], number: int = 1) -> FormVersion:
    """Ask these questions in a project."""
    return FormVersion.objects.create(project=project, asked=asked, number=number, questions=written(questions))


def survey(cast: Cast, questions: tuple[Question, ...] = SURVEY, *, access: str = "anyone") -> Project:
    """A project that is a form and nothing else, open for a day, also without an account."""
    now = datetime.now(UTC)
    project = Project.objects.create(
        organisation=cast.town, slug="pas", title=text("Vrijetijdspas"), question=text("Wat doe jij?"),
        outcome=text("Wij vragen het."), access={"answer": access} if access != "mail" else {},
    )  # fmt: skip
    Phase.objects.create(
        project=project, position=1, kind="discuss", name=text("Bevraging"), opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=1),
    )  # fmt: skip
    ask(project, Asked.ALONE, questions)
    return project
