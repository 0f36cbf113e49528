"""The reaction report: every contribution without a name, hidden ones as a stub, and the answer that counts."""

import io
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from pypdf import PdfReader

from participation.models import Person, Proposal, Response, Support
from participation.selectors.report import counts
from participation.web.printing import as_pdf
from tests.cast import Cast, text

NOW = datetime.now(UTC)
URL = "/projects/laden/answers/"


@pytest.fixture
def answered(cast: Cast) -> Cast:
    """Two proposals answered, one of them twice, and one hidden."""
    first, second, third = cast.options[:3]
    Person.objects.filter(pk=cast["An"].pk).update(public_name="Anneke")
    Proposal.objects.filter(pk=first.pk).update(author=cast["An"], origin="resident")
    Support.objects.create(proposal=first, person=cast["An"])
    Support.objects.create(proposal=second, person=cast["Vera"])
    Proposal.objects.filter(pk=third.pk).update(
        state="hidden", on_ballot=False, title="Bij Jan thuis", hidden_because="Noemt iemands huis."
    )
    for proposal, outcome, words, days in (
        (first, "later", "Eerst de werken.", 2),
        (first, "build", "Hij komt er in maart.", 1),
        (second, "not", "Te dicht bij een andere paal.", 1),
    ):
        Response.objects.create(
            proposal=proposal, outcome=outcome, text=text(words), published_by=cast["Piet"],
            published_at=NOW - timedelta(days=days),
        )  # fmt: skip
    return cast


def test_nobody_reads_a_report_before_there_is_an_answer_and_staff_does(cast: Cast) -> None:
    client = Client()
    assert client.get(URL).status_code == 404
    client.force_login(cast["Piet"])
    assert client.get(URL).status_code == 200


def test_the_last_answer_counts_and_a_hidden_one_is_a_stub(answered: Cast) -> None:
    page = Client().get(URL).content.decode()
    assert "Hij komt er in maart." in page
    assert "Eerst de werken." not in page
    assert "Te dicht bij een andere paal." in page
    assert "Noemt iemands huis." in page
    assert "Bij Jan thuis" not in page
    assert "Anneke" not in page


def test_people_count_once_and_answered_ones_once(answered: Cast) -> None:
    found = counts(answered.project)
    assert (found.n_contributions, found.n_answered, found.n_people) == (8, 2, 2)


def test_the_pdf_says_the_same_and_is_accessible(answered: Cast) -> None:
    answer = Client().get("/projects/laden/answers.pdf", headers={"accept-language": "fr"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    pdf = PdfReader(io.BytesIO(answer.content))
    words = " ".join(page.extract_text() for page in pdf.pages)
    assert "Hij komt er in maart. (fr)" in " ".join(words.split())
    assert "Bij Jan thuis" not in words
    root: Any = pdf.trailer["/Root"]
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert pdf.metadata
    assert pdf.metadata.title


def test_a_printed_page_fetches_nothing_from_elsewhere() -> None:
    secret = "/etc/hostname"
    html = "<html lang='nl'><head><title>x</title></head><body><p>tekst</p>{}</body></html>"
    for address in (f"file://{secret}", "http://127.0.0.1:9/x.png", "https://own.invalid/static/../config/settings.py"):
        told = as_pdf(html.format(f"<img alt='x' src='{address}'><a href='/x' style='background:url({address})'>y</a>"))
        assert b"/Subtype /Image" not in told
        assert b"/EmbeddedFile" not in told
    # The control: a picture that stands in the page is drawn.
    out = io.BytesIO()
    Image.new("RGB", (2, 2), "#1f5c3a").save(out, "PNG")
    dot = f"data:image/png;base64,{b64encode(out.getvalue()).decode()}"
    assert b"/Subtype /Image" in as_pdf(html.format(f"<img alt='x' src='{dot}'>"))
