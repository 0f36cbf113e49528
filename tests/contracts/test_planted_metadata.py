"""What a file tells beside what one sees of it is found in nothing served, exported or stored, whichever way it came.

Planted in photos and documents: EXIF with GPS, XMP, comments, Info, attachments, scripts, and words behind the end. The
control: what was sent holds them, and what is seen of the files is found by the same search.
"""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from geo.export import FEATURE_FORMATS
from participation.models import AnswerFile, Photo, Proposal
from participation.rules.questions import Asked
from tests.cast import Cast
from tests.contracts.pages import POST_ONLY, ROWS
from tests.contracts.test_hidden_tally import KEYS
from tests.contracts.test_pages import address, client_of, read, staged
from tests.documents import SECRET, telling_document, telling_jpeg
from tests.forms import WITH_PROPOSAL, ask, survey
from tests.unpacking import parts

__all__ = ["staged"]

PLANTED, SEEN = SECRET.encode(), b"Gevel-7Q"
ACTING = (b"<script>alert", b"app.alert", b"/OpenAction", b"/EmbeddedFile")
SUGGEST = "/projects/laden/suggest/"
LAYERS = ("laden-proposals", "laden-form-with-proposals", "pas-form")


def sent(name: str) -> SimpleUploadedFile:
    """A photo or a document that tells more than one sees."""
    content = telling_document() if name.endswith(".pdf") else telling_jpeg()
    # The control.
    assert PLANTED in content
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")


@pytest.fixture
def given(staged: Cast, settings: Settings, tmp_path: Path) -> Cast:
    """A proposal with a photo, a photo and a document as answers, and a form of its own with the same."""
    settings.MEDIA_ROOT = tmp_path
    staged.project.moderated_first = False
    staged.project.save()
    ask(staged.project, Asked.PROPOSAL, WITH_PROPOSAL)
    client = client_of(staged, "resident")
    client.post(SUGGEST, {"lon": "2.7", "lat": "50.85", "next": "1"})
    words = {"title": "Aan de kerk", "version": "1", "a_q1": "Kerkstraat", "alt": "Gevel-7Q", "alt_q3": "Gevel-7Q"}
    files = {"photo": sent("a.jpg"), "a_q3": sent("b.jpg"), "a_q4": sent("plan.pdf")}
    assert client.post(f"{SUGGEST}what/", words | files)["Location"] == f"{SUGGEST}check/"
    assert client.post(f"{SUGGEST}check/").status_code == 302
    survey(staged, WITH_PROPOSAL[2:4])
    form = {"version": "1", "a_q3": sent("c.jpg"), "alt_q3": "Gevel-7Q", "a_q4": sent("plan.pdf")}
    assert client.post("/projects/pas/form/", form)["Location"] == "/projects/pas/form/check/"
    assert client.post("/projects/pas/form/check/").status_code == 302
    return staged


def everything(cast: Cast, role: str) -> dict[str, bytes]:
    """What this role is answered at every address there is, layers in every format and the files themselves too."""
    client = client_of(cast, role)
    proposal = Proposal.objects.get(title="Aan de kerk")
    addresses = []
    for name, row in ROWS.items():
        if row.expected is POST_ONLY or name in KEYS:
            continue
        addresses.append(address(name, row))
        addresses += [address(name, row, slug="pas")] if "slug" in row.cast else []
    addresses.append(reverse("proposal", args=("laden", proposal.number)))
    addresses += [reverse("photo", args=(one.key, size)) for one in Photo.objects.all() for size in ("large", "small")]
    addresses += [reverse("answer_file", args=(one.key,)) for one in AnswerFile.objects.all()]
    addresses += [reverse("export", args=(f"{layer}.{kind}",)) for layer in LAYERS for kind in FEATURE_FORMATS]
    addresses += [reverse("ogc_items", args=(layer,)) + "?f=json" for layer in LAYERS]
    return {one: b"\n".join(parts(read(client.get(one)))) for one in addresses}


@pytest.mark.parametrize("role", ["nobody", "resident", "planner"])
def test_nothing_planted_is_served_or_exported(given: Cast, role: str) -> None:
    found = everything(given, role)
    assert [one for one, content in found.items() if PLANTED in content] == []
    assert not [one for one, content in found.items() for act in ACTING if act in content]
    # The controls: the files were there to be searched, and what is seen of them was found.
    proposal = Proposal.objects.get(title="Aan de kerk")
    assert SEEN in found[reverse("proposal", args=("laden", proposal.number))]
    pictures = [one for one, content in found.items() if content.startswith(b"\xff\xd8\xff")]
    documents = [one for one, content in found.items() if content.startswith(b"%PDF-") and "answer-files" in one]
    n_own = {"nobody": (3, 0), "resident": (4, 2), "planner": (4, 2)}[role]
    assert (len(pictures), len(documents)) == n_own


def test_nothing_planted_is_stored(given: Cast, tmp_path: Path) -> None:
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 6
    assert not [path for path in files if PLANTED in path.read_bytes()]


def test_a_document_that_is_a_page_too_is_handed_out_as_a_download(given: Cast) -> None:
    """A polyglot: a PDF to who kept it, markup to a browser that guesses."""
    plan = AnswerFile.objects.filter(question="q4").first()
    assert plan is not None
    answer = client_of(given, "planner").get(reverse("answer_file", args=(plan.key,)))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == "attachment"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"<script" not in read(answer)
    assert Client().get(reverse("answer_file", args=(plan.key,))).status_code == 404
