"""Data that not everybody has leave a line when they are taken along; what everybody has leaves none.

By construction: whatever address answers staff with something else than a page, and nobody else, stands in one of the
tables below.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error, connection, transaction
from django.urls import reverse
from pytest_django import Settings

from participation.models import AnswerFile, AnswerSheet, Export, FormVersion, Record
from participation.queries.voting import database_now
from participation.rules.tokens import Scope
from participation.services.answer_files import path_of
from participation.services.exports import folder
from participation.services.taken import TAKEN, note_read_live
from participation.services.tokens import make_token
from siting.models import Layer
from tests.cast import Cast
from tests.contracts.pages import POST_ONLY, ROWS
from tests.contracts.test_pages import address, client_of, read, staged
from tests.contracts.trail import layer_of_file, uploaded
from tests.forms import survey
from tests.integration import studies as stage

__all__ = ["staged"]

INSIDE = "layer-riool"
# What is drawn and told within a page of the desk: it is looked at there.
LOOKED_AT = {"desk_drawn", "desk_heat", "desk_pins_tile"}
# What is theirs who ask, or everybody's in another shape (tested below).
THEIR_OWN = {
    "api_me", "api_exports", "api_my_proposals", "api_my_following", "api_my_answers", "api_ballot", "api_form",
}  # fmt: skip
EVERYBODYS = {"desk_view_file"}


# What answers nobody on the small stage and hands out no data of staff: pages, sign-in, and what is everybody's.
NOTHING_OF_STAFF = {
    "account_confirm_login_code", "account_login", "account_request_login_code", "api", "api_export", "api_nowhere",
    "api_results", "claim", "code", "desk_area_import", "desk_import", "desk_layer", "dossier", "dossier_file",
    "dossier_picture", "form", "form_check", "form_done", "invitation", "mfa_authenticate", "mfa_deactivate_totp",
    "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_view_recovery_codes", "my_export",
    "openid_connect_callback", "openid_connect_login", "outbox", "photo", "reminders", "results_file",
    "results_picture", "security_txt", "set_language", "suggest_check", "suggest_what", "unfollow",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()


def inside(cast: Cast) -> Layer:
    """A layer of two pipes that only staff may see."""
    made = stage.layer(cast, "riool", ["POINT(2.7 50.85)", "POINT(2.71 50.85)"])
    Layer.objects.filter(pk=made.pk).update(is_public=False)
    return made


def _of_layer(**more: object) -> Callable[[Cast], dict[str, object]]:
    def prepare(cast: Cast) -> dict[str, object]:
        inside(cast)
        return more

    return prepare


def _made(cast: Cast) -> int:
    """A file of that layer that is ready, for the manager."""
    inside(cast)
    now = database_now()
    (folder() / "stored").write_bytes(b"key")
    made = Export.objects.create(
        organisation=cast.town, person=cast["Marc"], layer=INSIDE, title="x", format="csv", crs="EPSG:4326",
        language="nl", state=Export.State.DONE, stored="stored", file_name="x.csv", asked_at=now, told_at=now,
        n_rows=2, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    return made.pk


def _document(cast: Cast) -> dict[str, object]:
    """A plan that somebody answered with."""
    survey(cast)
    sheet = AnswerSheet.objects.create(
        project=cast.project, version=FormVersion.objects.latest("pk"), person=cast["An"], sent_at=database_now()
    )
    made = AnswerFile.objects.create(
        sheet=sheet, question="q4", name="plan.pdf", content_type="application/pdf", created_at=database_now()
    )
    default_storage.save(path_of(made.key), ContentFile(b"%PDF"))
    return {"key": made.key}


# What the addresses beside those of the table of pages hand out, and what must be there for it.
TAKEN_ALONG: dict[str, Callable[[Cast], dict[str, object]]] = {
    "desk_import_rows": lambda cast: {"pk": uploaded(cast, cast.project).pk},
    "desk_area_import_rows": lambda cast: {"pk": uploaded(cast, cast.town).pk},
    "desk_layer_refused": lambda cast: layer_of_file()(cast)[0],
    "desk_layer_differences": lambda cast: layer_of_file()(cast)[0],
    "answer_file": _document,
    "export": _of_layer(name=f"{INSIDE}.csv"),
    "my_export_file": lambda cast: {"pk": _made(cast)},
    "api_export_file": lambda cast: {"export": _made(cast)},
    "ogc_items": _of_layer(layer=INSIDE),
    "ogc_item": _of_layer(layer=INSIDE, key="1"),
    # Those that nothing was decided about.
    "tile": lambda cast: {"layer": "laden-candidates"},
    "api_import": lambda cast: {"import_id": uploaded(cast, cast.project).pk},
    "api_import_rows": lambda cast: {"import_id": uploaded(cast, cast.project).pk},
    "api_area_import": lambda cast: {"import_id": uploaded(cast, cast.town).pk},
    "api_area_import_rows": lambda cast: {"import_id": uploaded(cast, cast.town).pk},
}


def test_whatever_staff_alone_get_as_data_leaves_a_line(staged: Cast) -> None:
    marc = client_of(staged, "manager")
    lines = Record.objects.filter(act=TAKEN, person=staged["Marc"])
    found, without = set(), set()
    for name, row in ROWS.items():
        if row.expected["manager"] != 200 or row.expected["nobody"] == 200:
            continue
        before = lines.count()
        answer = marc.get(address(name, row))
        read(answer)
        if not answer["Content-Type"].startswith("text/html"):
            found.add(name)
            without |= {name} if lines.count() == before else set()
    assert without == LOOKED_AT | THEIR_OWN | EVERYBODYS
    assert {"desk_audit_file", "desk_dossier_file", "answers_pdf", "api_desk_queue", "api_desk_acts"} <= found - without


def test_every_address_that_answers_nothing_on_the_small_stage_has_a_row() -> None:
    silent = {
        name
        for name, row in ROWS.items()
        if row.expected is not POST_ONLY and row.expected["manager"] not in {200, 405}
    }
    assert silent <= NOTHING_OF_STAFF | set(TAKEN_ALONG)
    assert not NOTHING_OF_STAFF & set(TAKEN_ALONG)


@pytest.mark.parametrize("name", sorted(TAKEN_ALONG))
def test_a_file_of_staff_leaves_a_line_each_time_and_a_live_layer_one_a_day(staged: Cast, name: str) -> None:
    at = reverse(name, kwargs=dict(ROWS[name].cast) | TAKEN_ALONG[name](staged))
    marc = client_of(staged, "manager")
    is_live = name.startswith(("ogc_", "tile", "api_import", "api_area_import"))
    for n in (1, 2):
        answer = marc.get(at)
        assert answer.status_code in {200, 204}, answer.content
        read(answer)
        lines = Record.objects.filter(act=TAKEN, person=staged["Marc"])
        assert lines.count() == (1 if is_live else n)
    assert Record.objects.filter(act=TAKEN).count() == lines.count()


def test_the_line_says_what_and_how_many(staged: Cast) -> None:
    inside(staged)
    marc = client_of(staged, "manager")
    read(marc.get(reverse("export", args=(f"{INSIDE}.geojson",))))
    line = Record.objects.get(act=TAKEN)
    assert (line.subject, line.detail) == (INSIDE, {"format": "geojson", "n": 2})
    read(marc.get(reverse("desk_audit_file")))
    assert Record.objects.filter(act=TAKEN).latest("pk").subject == "acts"


def test_what_everybody_may_have_leaves_no_line_when_staff_take_it(staged: Cast) -> None:
    """With the control: the same layers leave one as soon as they are for staff."""
    made = inside(staged)
    Layer.objects.filter(pk=made.pk).update(is_public=True)
    marc = client_of(staged, "manager")
    ways = [
        reverse("export", args=(f"{INSIDE}.csv",)),
        reverse("ogc_items", args=(INSIDE,)),
        reverse("export", args=("laden-proposals.csv",)),
        reverse("export", args=("laden-clusters.geojson",)),
        reverse("ogc_items", args=("laden-proposals",)) + "?area=Westkant",
        reverse("tile", kwargs={"layer": "laden-proposals", "matrix": "WebMercatorQuad", "z": "0", "y": "0", "x": "0"}),
        *(
            reverse("desk_view_file", args=("laden",)) + f"?layer={layer}&format=geojson&radius_m=150"
            for layer in ("pins", "clusters", "hotspots")
        ),
    ]
    for way in ways:
        answer = marc.get(way)
        assert answer.status_code == 200, way
        read(answer)
    assert not Record.objects.filter(act=TAKEN).exists()
    Layer.objects.filter(pk=made.pk).update(is_public=False)
    read(marc.get(ways[0]))
    read(marc.get(reverse("desk_view_file", args=("laden",)) + "?layer=areas&format=geojson"))
    assert list(Record.objects.filter(act=TAKEN).order_by("pk").values_list("subject", flat=True)) == [
        INSIDE, "laden-areas",
    ]  # fmt: skip


def test_a_live_layer_leaves_one_line_a_token_and_day(staged: Cast) -> None:
    """However many pages a program asks for, in however many processes."""
    inside(staged)
    now = database_now()
    tokens = [
        make_token(organisation=staged.town, by=staged["Gis"], now=now, name=name, scopes=[Scope.READ], days=30)
        for name in ("QGIS", "Script")
    ]
    client = client_of(staged, "nobody")
    for _token, secret in tokens:
        for page in range(3):
            answer = client.get(
                f"{reverse('ogc_items', args=(INSIDE,))}?limit=1&after={page}",
                headers={"Authorization": f"Bearer {secret}"},
            )
            assert answer.status_code == 200
            cache.clear()
    lines = list(Record.objects.filter(act=TAKEN).order_by("pk"))
    assert [line.detail["token"] for line in lines] == [f"{token.name} ({token.pk})" for token, _secret in tokens]
    # The day after it leaves one again.
    token = tokens[0][0]
    for _twice in range(2):
        note_read_live(
            organisation=staged.town, by=staged["Gis"], token=token, what=INSIDE, now=now + timedelta(days=1)
        )
    assert Record.objects.filter(act=TAKEN).count() == 3


def test_where_no_line_can_be_written_nothing_is_handed_out(staged: Cast) -> None:
    inside(staged)
    marc = client_of(staged, "manager")
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION READ ONLY")
        # The control: what everybody has, is.
        read(marc.get(reverse("export", args=("areas.csv",))))
        with pytest.raises(Error, match="read-only"):
            marc.get(reverse("export", args=(f"{INSIDE}.csv",)))
        transaction.set_rollback(True)
