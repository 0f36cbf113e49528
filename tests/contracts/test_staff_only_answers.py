"""What somebody answered for staff alone appears at no public address, whatever is asked of it.

Planted in the answers are words that stand nowhere else; every address of the table is read by everybody who is no
staff, and every layer in two formats. The control: what is public is found the same way, and staff find all of it.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from participation.models import AnswerSheet, Project, Proposal
from participation.queries.voting import database_now
from participation.rules.questions import Asked
from tests.cast import Cast
from tests.contracts.pages import POST_ONLY, ROWS
from tests.contracts.test_hidden_tally import KEYS
from tests.contracts.test_pages import address, client_of, read, staged
from tests.forms import WITH_PROPOSAL, ask, survey

__all__ = ["staged"]

OPEN = b"OPENBAAR-7Q"
SECRETS = {
    b"GEHEIM-7Q": "asked for staff alone",
    b"VROEGER-7Q": "asked for staff alone when it was answered, public since",
    b"WACHT-7Q": "public, with a proposal that is not",
    b"FORMULIER-7Q": "in a form of its own",
}
FORMATS = ("csv", "geojson")


@pytest.fixture
def answered(staged: Cast) -> Cast:
    """Answers to a form and with three proposals, under two versions of the questions."""
    before = ask(staged.project, Asked.PROPOSAL, (replace(WITH_PROPOSAL[0], is_public=False), *WITH_PROPOSAL[1:]))
    since = ask(staged.project, Asked.PROPOSAL, WITH_PROPOSAL, number=2)
    now = database_now()
    waiting = Proposal.objects.create(
        project=staged.project,
        number=99,
        title="Wacht",
        state="submitted",
        created_at=now,
        point=staged.options[0].point,
    )
    for version, proposal, street in (
        (since, staged.options[0], OPEN),
        (before, staged.options[1], b"VROEGER-7Q"),
        (since, waiting, b"WACHT-7Q"),
    ):
        AnswerSheet.objects.create(
            project=staged.project, version=version, proposal=proposal, person=staged["Vera"], sent_at=now,
            answers={"q1": street.decode(), "q2": "GEHEIM-7Q"},
        )  # fmt: skip
    pas = survey(staged)
    AnswerSheet.objects.create(
        project=pas, version=pas.form_versions.get(), answers={"q1": "o1", "q3": "FORMULIER-7Q"}, sent_at=now
    )
    pas.phases.update(closes_at=now - timedelta(seconds=1))
    return staged


def found_by(cast: Cast, role: str) -> dict[bytes, set[str]]:
    """Where this role finds each planted word."""
    client = client_of(cast, role)
    addresses = []
    for name, row in ROWS.items():
        if row.expected is POST_ONLY or name in KEYS:
            continue
        addresses.append(address(name, row))
        addresses += [address(name, row, slug="pas")] if "slug" in row.cast else []
        addresses += [address(name, row, number=n) for n in (2, 99)] if name in {"proposal", "api_proposal"} else []
    layers = ["laden-proposals", "laden-form-with-proposals", "pas-form", "pas-proposals"]
    addresses += [reverse("export", args=(f"{layer}.{kind}",)) for layer in layers for kind in FORMATS]
    addresses += [reverse("ogc_items", args=(layer,)) + "?f=json" for layer in layers]
    found: dict[bytes, set[str]] = {word: set() for word in (OPEN, *SECRETS)}
    for one in addresses:
        content = read(client.get(one))
        for word in found:
            if word in content:
                found[word].add(one)
    return found


@pytest.mark.parametrize("role", ["nobody", "resident", "other_town"])
def test_nobody_but_staff_finds_an_answer_for_staff(answered: Cast, role: str) -> None:
    found = found_by(answered, role)
    assert {word: where for word, where in found.items() if word in SECRETS and where} == {}
    # The control: the same search finds what is public, on the page, in files and live.
    public = found[OPEN]
    assert "/projects/laden/proposals/1/" in public
    assert "/export/laden-proposals.csv" in public
    assert "/ogc/collections/laden-proposals/items?f=json" in public


def test_staff_find_all_of_it(answered: Cast) -> None:
    """The other control: the planted words are there to be found."""
    found = found_by(answered, "planner")
    assert {word for word, where in found.items() if where} == {OPEN, *SECRETS}
    assert "/export/pas-form.csv" in found[b"FORMULIER-7Q"]
    assert Project.objects.get(slug="pas").answer_sheets.count() == 1
