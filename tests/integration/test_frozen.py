"""No command and no page changes the rules or the options of a vote once somebody voted."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from participation.models import Phase, Proposal
from participation.services.voting import cast_ballot
from tests.cast import Cast, picks
from tests.contracts.pages import POST_ONLY, ROWS
from tests.contracts.test_pages import client_of, read, staged
from tests.integration.test_methods import FROZEN

__all__ = ["staged"]

OPTION = ("number", "title", "body", "point", "cost_cents", "area", "theme", "on_ballot", "state")


def seen(cast: Cast) -> list[dict[str, Any]]:
    """All that is frozen: the vote and its options."""
    options = Proposal.objects.filter(project=cast.project, on_ballot=True).order_by("number")
    return [*Phase.objects.filter(pk=cast.vote.pk).values(), *options.values(*OPTION)]


def rows_like_the_options(folder: Path, cast: Cast) -> str:
    """A file that says something else of each option, under the key by which it is known again."""
    for option in cast.options:
        Proposal.objects.filter(pk=option.pk).update(import_key=f"k{option.number}")
    file = folder / "again.csv"
    lines = [f"k{option.number};Anders {option.number};Anders;2.7;50.9" for option in cast.options]
    file.write_text("\n".join(["key;title;body;lon;lat", *lines]), encoding="utf-8")
    return str(file)


def one_area(folder: Path, cast: Cast) -> str:
    """A file with one neighbourhood over the whole town, in place of one there is."""
    file = folder / "areas.geojson"
    geometry = json.loads(cast.town.outline.json) if cast.town.outline else None
    feature = {"type": "Feature", "properties": {"name": "Alles", "code": "W1"}, "geometry": geometry}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return str(file)


COMMANDS: dict[str, Callable[[Path, Cast], object]] = {
    "create_project": lambda _folder, _cast: call_command(
        "create_project", "laden", organisation="toonstad", title="Anders", template="charging-points", no_map=True,
        phase="vote", stdout=StringIO(),
    ),
    "import_proposals": lambda folder, cast: call_command(
        "import_proposals", rows_like_the_options(folder, cast), project="laden", key_field="key", stdout=StringIO()
    ),
    "load_areas": lambda folder, cast: call_command(
        "load_areas", one_area(folder, cast), organisation="toonstad", code_field="code", stdout=StringIO()
    ),
    "make_pins": lambda _folder, _cast: call_command("make_pins", project="laden", count=5, stdout=StringIO()),
    "seed_demo": lambda _folder, _cast: call_command("seed_demo", if_empty=True, stdout=StringIO()),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_changes_what_people_voted_on(cast: Cast, tmp_path: Path, name: str) -> None:
    Phase.objects.filter(pk=cast.vote.pk).update(cap_per_area=2)
    cast.vote.refresh_from_db()
    cast_ballot(phase=cast.vote, person=cast["An"], choices=picks([1]), nonce=uuid4())
    before = seen(cast)
    try:
        COMMANDS[name](tmp_path, cast)
    except CommandError:
        assert name == "create_project", "only a project of the same name is refused as a whole"
    assert seen(cast) == before


def test_no_page_changes_the_rules(staged: Cast) -> None:
    """Every form is sent with every rule in it, by whoever may send most."""
    cast_ballot(phase=staged.vote, person=staged["An"], choices=picks([1]), nonce=uuid4())
    before = seen(staged)
    fields = {name: str(value) for name, value in FROZEN.items()} | {
        "closes_at": "",
        "closed_at": "",
        "title": "Anders",
    }
    for role in ("resident", "moderator", "planner", "manager"):
        client = client_of(staged, role)
        for name, row in ROWS.items():
            if row.expected is POST_ONLY or name.startswith("desk_"):
                read(client.post(reverse(name, kwargs=dict(row.cast)), fields | {"act": ""}))
    assert seen(staged) == before
