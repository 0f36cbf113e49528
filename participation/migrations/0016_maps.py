"""Indexes by which the page of a project with a million proposals is put together."""

import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Upper

PUBLIC = Q(state="published")
INDEXES = [
    models.Index(fields=["project", "state", "-created_at", "-number"], name="proposal_queue"),
    models.Index(fields=["project", "-n_supports", "number"], condition=PUBLIC, name="proposal_most_supported"),
    models.Index(fields=["project", "title", "number"], condition=PUBLIC, name="proposal_by_name"),
    models.Index(fields=["project", "number"], condition=PUBLIC & Q(on_ballot=False), name="proposal_rest"),
    models.Index(fields=["project", "number"], condition=Q(on_ballot=True), name="proposal_options"),
    models.Index(
        fields=["project", "morton"],
        include=["number", "tile_x", "tile_y", "n_supports", "theme", "area", "created_at", "on_ballot"],
        condition=PUBLIC,
        name="proposal_tiles",
    ),
    django.contrib.postgres.indexes.GinIndex(
        django.contrib.postgres.indexes.OpClass(Upper("body"), name="gin_trgm_ops"), name="proposal_body_trigram"
    ),
]


class Migration(migrations.Migration):
    dependencies = [("participation", "0015_outcome")]
    operations = [
        *(
            migrations.RemoveIndex("proposal", name)
            for name in ("proposal_queue", "proposal_most_supported", "proposal_tiles")
        ),
        *(migrations.AddIndex("proposal", index) for index in INDEXES),
    ]
