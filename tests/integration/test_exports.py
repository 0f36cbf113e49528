"""Files made in the background: asked for, whole or not at all, for who asked alone, gone after a day."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from geo import export as files
from geo.catalog import Asker, layers_for
from participation.models import Export, Membership
from participation.services.exports import KEPT, MAKE_EXPORT, MOST_WAITING, cancel_export, folder, forget_exports
from participation.services.exports import make_export as made
from participation.tasks import make_export
from siting.models import Layer
from siting.web import downloads
from tests.cast import Cast

pytestmark = pytest.mark.django_db
LAYER = "laden-proposals"


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def signed_in(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast[name])
    return client


def ask(client: Client, **more: str) -> Export:
    """Ask for a file, and look at the page that shows how far it is."""
    answer = client.post(reverse("exports"), {"layer": LAYER, "format": "csv", "crs": "EPSG:31370"} | more)
    found = Export.objects.latest("pk")
    assert answer["Location"] == reverse("my_export", args=(found.pk,))
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert 'hx-trigger="every 2s"' in page.content.decode()
    return found


def stored() -> list[Path]:
    return list(folder().iterdir())


def test_a_file_is_made_with_the_rows_asked_for_and_handed_to_who_asked_alone(cast: Cast) -> None:
    client = signed_in(cast, "An")
    export = ask(client, area="Westkant", format="gpkg")
    assert ProcrastinateJob.objects.get(task_name=MAKE_EXPORT).args == {"pk": export.pk}
    file = reverse("my_export_file", args=(export.pk,))
    assert client.get(file).status_code == 409
    make_export(pk=export.pk)
    export.refresh_from_db()
    assert (export.state, export.percent, export.why) == ("done", 100, "")
    answer = client.get(file)
    assert answer["Content-Disposition"] == 'attachment; filename="laden-proposals_epsg31370.gpkg"'
    content = b"".join(answer)
    same = b"".join(client.get(f"/export/{LAYER}.gpkg?crs=EPSG:31370&area=Westkant"))
    assert content.startswith(b"SQLite format 3")
    assert len(content) == len(same) == export.n_bytes
    # What is in it is told of just these rows, by the file itself and beside it.
    (told,) = re.findall(r'^<(http://testserver/export/\S+/about\?\S+)>; rel="describedby"', answer["Link"])
    about = client.get(told, headers={"Accept-Language": "en"}).content.decode()
    assert "Format: gpkg" in about
    assert "EPSG:31370" in about
    assert "Rows: area=Westkant" in about
    page = client.get(reverse("my_export", args=(export.pk,))).content.decode()
    assert f'href="{escape(told.removeprefix("http://testserver"))}"' in page
    for other in (signed_in(cast, "Vera"), signed_in(cast, "Marc")):
        for name in ("my_export", "my_export_file"):
            assert other.get(reverse(name, args=(export.pk,))).status_code == 404
        assert other.post(reverse("my_export_stop", args=(export.pk,))).status_code == 404
    assert Client().get(file).status_code == 302
    # A worker that comes a second time leaves it as it is.
    make_export(pk=export.pk)
    assert len(stored()) == 1


CODED = {
    "laden-proposals": {"origin", "theme", "answer"},
    "laden-hotspots": {"verdict"},
    "laden-candidates": {"outcome", "roll_out"},
    "laden-kept-clusters": {"method"},
    "laden-kept-hulls": {"method"},
}


def test_what_codes_mean_is_told_in_the_readers_language(cast: Cast) -> None:
    """Each column that holds codes says what they mean; no row holds one that is not told."""
    coded = {}
    for shown in layers_for(Asker("toonstad", cast["Piet"])):
        columns = [column for column in getattr(shown, "columns", ()) if column.codes]
        if columns:
            coded[shown.id] = {column.name for column in columns}
        for column in columns:
            held = {feature.attributes[column.name] for feature in shown.features()}  # type: ignore[union-attr]
            assert held <= {*dict(column.codes), "", None}, (shown.id, column.name)
    assert coded == CODED
    address = f"/export/{LAYER}.csv/about"
    for language, lines in (
        ("en", ["  - paper = received on paper", "  - none = Not answered yet", "  - build = It will come"]),
        ("nl", ["  - paper = op papier binnengekomen", "  - none = Nog niet beantwoord", "  - plein = Plein"]),
    ):
        told = Client().get(address, headers={"Accept-Language": language}).content.decode().splitlines()
        assert set(lines) <= set(told), (language, told)
    asked = Client().get(f"/ogc/collections/{LAYER}/queryables").json()["properties"]
    assert asked["answer"]["enum"] == ["build", "later", "not", "none"]
    page = Client().get(f"/ogc/collections/{LAYER}?f=html", headers={"Accept-Language": "en"}).content.decode()
    assert '<code class="utrecht-code">paper</code> = received on paper' in page


def test_a_file_is_gone_after_a_day(cast: Cast) -> None:
    client = signed_in(cast, "An")
    export = ask(client)
    make_export(pk=export.pk)
    Export.objects.filter(pk=export.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = client.get(reverse("my_export_file", args=(export.pk,)))
    assert (answer.status_code, "export.expired" in answer.content.decode()) == (410, True)
    left = folder() / ".unfinished-by-a-worker-that-was-killed"
    left.mkdir()
    assert forget_exports(now=timezone.now()) == 1
    assert stored() == [left]
    forget_exports(now=timezone.now() + KEPT + timedelta(minutes=1))
    assert stored() == []


def test_who_may_not_see_the_layer_any_more_gets_no_file(cast: Cast) -> None:
    Layer.objects.create(
        organisation=cast.town, slug="geheim", name="Geheim", source="Dienst", licence="Eigen", file_name="x",
        uploaded_at=timezone.now(), state=Layer.State.CURRENT, is_public=False, n_features=1,
    )  # fmt: skip
    client = signed_in(cast, "Gis")
    export, again = ask(client, layer="layer-geheim"), ask(client, layer="layer-geheim")
    make_export(pk=export.pk)
    file = reverse("my_export_file", args=(export.pk,))
    answer = client.get(file)
    assert answer.status_code == 200
    assert b"".join(answer)
    Membership.objects.filter(person=cast["Gis"]).delete()
    assert client.get(file).status_code == 404
    make_export(pk=again.pk)
    again.refresh_from_db()
    assert (again.state, len(stored())) == ("failed", 1)
    assert "layer-geheim" in again.why


def test_who_may_not_see_a_column_any_more_gets_no_file_with_it(cast: Cast) -> None:
    found = Layer.objects.create(
        organisation=cast.town, slug="palen", name="Palen", source="Dienst", licence="Open", file_name="x",
        n_features=1, uploaded_at=timezone.now(), state=Layer.State.CURRENT, is_public=True, shown=["naam", "eigenaar"],
        attributes=[{"name": name, "kind": "text", "n_empty": 0} for name in ("naam", "eigenaar")],
    )  # fmt: skip
    clients = {name: signed_in(cast, name) for name in ("An", "Gis")}
    exports = {name: ask(client, layer="layer-palen") for name, client in clients.items()}

    def got(name: str) -> int:
        answer = clients[name].get(reverse("my_export_file", args=(exports[name].pk,)))
        assert not answer.streaming or b"".join(answer)
        return answer.status_code

    for export in exports.values():
        make_export(pk=export.pk)
    assert (got("An"), got("Gis")) == (200, 200)
    found.shown = ["naam"]
    found.save()
    assert (got("An"), got("Gis")) == (404, 200)
    # The layer is there for everybody; what was made for staff is not.
    Membership.objects.filter(person=cast["Gis"]).delete()
    assert (got("An"), got("Gis")) == (404, 404)


@pytest.mark.parametrize("when", ["waiting", "running", "done"])
def test_a_file_that_is_stopped_leaves_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    client = signed_in(cast, "An")
    export = ask(client)
    stop = reverse("my_export_stop", args=(export.pk,))
    # So that it is said how far it is between one batch and the next, over the connection the rows come by.
    monkeypatch.setattr("participation.services.exports.TELL_SECONDS", 0)
    monkeypatch.setattr("geo.export.BATCH", 3)
    if when == "waiting":
        client.post(stop)
    if when == "running":
        write = files.write

        def stopped(*given: Any, told: Callable[[int], None], **named: Any) -> None:
            def tell(n: int) -> None:
                told(n)
                client.post(stop)

            write(*given, told=tell, **named)

        monkeypatch.setattr("participation.services.exports.files.write", stopped)
    make_export(pk=export.pk)
    if when == "done":
        assert len(stored()) == 1
        client.post(stop)
    export.refresh_from_db()
    assert (export.state, export.stored, stored()) == ("cancelled", "", [])
    assert client.get(reverse("my_export", args=(export.pk,))).status_code == 200


def test_a_full_disk_and_a_broken_writer_are_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(cast, "An")
    full, broken = ask(client), ask(client)

    def half(*given: Any, **_named: Any) -> None:
        given[4].write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("geo.export._write", half)
    make_export(pk=full.pk)
    full.refresh_from_db()
    assert (full.state, stored()) == ("failed", [])
    page = client.get(reverse("my_export", args=(full.pk,)), headers={"Accept-Language": "en"}).content.decode()
    assert full.why in page

    def breaks(*_given: Any, **_named: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("participation.services.exports._write", breaks)
    with pytest.raises(ZeroDivisionError):
        made(pk=broken.pk)
    broken.refresh_from_db()
    assert (broken.state, broken.why, stored()) == ("failed", "", [])
    assert client.get(reverse("my_export", args=(broken.pk,))).status_code == 200


def test_a_worker_that_is_gone_is_told_and_a_new_wish_is_taken(cast: Cast) -> None:
    client = signed_in(cast, "An")
    export = ask(client)
    Export.objects.filter(pk=export.pk).update(state="running", told_at=timezone.now() - timedelta(hours=1))
    page = client.get(reverse("my_export", args=(export.pk,)))
    assert page.context["is_lost"]
    client.post(reverse("exports"), page.context["hidden"])
    assert Export.objects.count() == 2


def test_nobody_has_many_files_made_at_a_time(cast: Cast) -> None:
    client = signed_in(cast, "An")
    exports = [ask(client) for _ in range(MOST_WAITING)]
    refused = client.post(reverse("exports"), {"layer": LAYER, "format": "csv"})
    assert (refused.status_code, "export.too_many" in refused.content.decode()) == (429, True)
    cancel_export(export=exports[0])
    ask(client)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"layer": "geheim-proposals"}, 404),
        ({"format": "dwg"}, 406),
        ({"format": "tif"}, 400),
        ({"format": "kml"}, 400),
        ({"crs": "EPSG:1"}, 404),
        ({"filter": "1 = (("}, 400),
        ({"bbox": "1,2,3"}, 400),
        ({"layer": "laden-heat", "format": "tif", "filter": "n_supports > 1"}, 400),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(cast: Cast, given: dict[str, str], status: int) -> None:
    client = signed_in(cast, "An")
    answer = client.post(reverse("exports"), {"layer": LAYER, "format": "csv", "crs": "EPSG:31370"} | given)
    assert answer.status_code == status
    assert not Export.objects.exists()


def test_the_desk_sends_large_layers_to_a_worker(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(cast, "Gis")
    page = reverse("desk_export", args=("laden",))
    asked = {"layer": "proposals", "format": "xlsx", "crs": "EPSG:3812"}
    assert client.get(page, asked)["Location"] == f"/export/{LAYER}.xlsx?crs=EPSG%3A3812"
    assert client.get(page, asked | {"show": "about"})["Location"].startswith(f"/export/{LAYER}.xlsx/about?")
    monkeypatch.setattr(downloads, "MOST_AT_ONCE", 2)
    shown = client.get(page, asked | {"since": "2020-01-01"})
    assert shown.context["n_large"] > 2
    client.post(reverse("exports"), shown.context["hidden"])
    export = Export.objects.get()
    assert export.asked == {"datetime": "2020-01-01/.."}
    make_export(pk=export.pk)
    export.refresh_from_db()
    assert export.state == "done"
    assert client.get(page, asked | {"format": "kml"}).context["form"].errors.keys() == {"crs"}
    assert client.get(page, asked | {"layer": "clusters", "theme": "x"}).status_code == 422
