"""The tables of the deciding side."""

import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PUBLISHED_IS_FINAL = """
CREATE FUNCTION siting_decision_published_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published decision stays as it is'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_published_is_final';
END $$;
-- Erasing a person empties the name of who decided and nothing else.
CREATE TRIGGER decision_published_is_final BEFORE UPDATE ON siting_decision
  FOR EACH ROW WHEN (OLD.published_at IS NOT NULL AND (
    ROW (NEW.project_id, NEW.candidate_id, NEW.proposal_id, NEW.outcome, NEW.reason, NEW.council_link,
         NEW.decided_at, NEW.published_at)
      IS DISTINCT FROM ROW (OLD.project_id, OLD.candidate_id, OLD.proposal_id, OLD.outcome, OLD.reason,
         OLD.council_link, OLD.decided_at, OLD.published_at)
    OR NEW.decided_by_id IS NOT NULL AND NEW.decided_by_id IS DISTINCT FROM OLD.decided_by_id
  )) EXECUTE FUNCTION siting_decision_published_is_final();
"""

DROP = """
DROP TRIGGER decision_published_is_final ON siting_decision;
DROP FUNCTION siting_decision_published_is_final();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("participation", "0005_responses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Candidate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=120)),
                ("point", django.contrib.gis.db.models.fields.PointField(srid=4326)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "looked into"), ("shortlist", "on the shortlist"), ("dropped", "dropped")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("notes", models.TextField(blank=True, max_length=4000)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="candidates",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="candidates",
                        to="participation.project",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Check",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grid", "electricity grid"),
                            ("ownership", "who owns the ground"),
                            ("heritage", "heritage"),
                            ("other", "something else"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("asked", "asked, no answer yet"),
                            ("fine", "fine"),
                            ("conditions", "fine under conditions"),
                            ("against", "speaks against it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("checked_by", models.CharField(help_text="A colleague, a service or a company", max_length=120)),
                ("checked_on", models.DateField()),
                ("note", models.TextField(blank=True, max_length=2000)),
                ("document", models.URLField(blank=True, max_length=500)),
                ("recorded_at", models.DateTimeField()),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="checks", to="siting.candidate"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="checks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-checked_on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "outcome",
                    models.CharField(choices=[("build", "yes"), ("later", "later"), ("not", "no")], max_length=10),
                ),
                ("reason", models.JSONField(default=dict)),
                ("council_link", models.URLField(blank=True, max_length=500)),
                ("decided_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "candidate",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="decisions",
                        to="siting.candidate",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="decisions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="participation.project",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="decisions",
                        to="participation.proposal",
                    ),
                ),
            ],
            options={
                "ordering": ["-decided_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Layer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "being checked"),
                            ("current", "in use"),
                            ("replaced", "replaced by a newer version"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("existing", "what is there already"),
                            ("people", "people and homes"),
                            ("rules", "where something may not come"),
                            ("context", "anything else"),
                        ],
                        default="context",
                        max_length=10,
                    ),
                ),
                ("source", models.CharField(help_text="Who made it, and when", max_length=300)),
                ("licence", models.CharField(help_text="Under which terms it may be used", max_length=200)),
                ("is_public", models.BooleanField(default=False, help_text="Everybody may see it and take it along")),
                ("crs", models.CharField(blank=True, max_length=20)),
                ("geometry_type", models.CharField(blank=True, max_length=20)),
                ("n_features", models.PositiveIntegerField(default=0)),
                ("attributes", models.JSONField(default=list)),
                ("shown", models.JSONField(blank=True, default=list)),
                ("key_column", models.CharField(blank=True, max_length=200)),
                ("report", models.JSONField(default=dict)),
                ("file", models.FileField(blank=True, upload_to="layers/")),
                ("file_name", models.CharField(max_length=200)),
                ("file_layer", models.CharField(blank=True, help_text="Which layer of the file", max_length=200)),
                ("lon", models.CharField(blank=True, max_length=200)),
                ("lat", models.CharField(blank=True, max_length=200)),
                ("uploaded_at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="layers",
                        to="participation.organisation",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="layers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name", "-version"],
            },
        ),
        migrations.CreateModel(
            name="LayerFeature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.PositiveIntegerField()),
                ("geometry", django.contrib.gis.db.models.fields.GeometryField(blank=True, null=True, srid=4326)),
                ("properties", models.JSONField(default=dict)),
                (
                    "layer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="features",
                        to="siting.layer",
                    ),
                ),
            ],
            options={
                "ordering": ["key"],
            },
        ),
        migrations.CreateModel(
            name="Origin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("proposal", "a proposal"),
                            ("cluster", "a cluster"),
                            ("feature", "a layer"),
                            ("hand", "put in by hand"),
                        ],
                        max_length=10,
                    ),
                ),
                ("cluster", models.JSONField(blank=True, null=True)),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="origins", to="siting.candidate"
                    ),
                ),
                (
                    "feature",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="candidate_origins",
                        to="siting.layerfeature",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="candidate_origins",
                        to="participation.proposal",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="RollOut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "planned"),
                            ("building", "being built"),
                            ("built", "built"),
                            ("gone", "not any more"),
                        ],
                        max_length=10,
                    ),
                ),
                ("on", models.DateField()),
                ("note", models.CharField(blank=True, max_length=300)),
                ("recorded_at", models.DateTimeField()),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="roll_outs", to="siting.decision"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="roll_outs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-on", "-pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="candidate",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="candidate_number_once"),
        ),
        migrations.AddConstraint(
            model_name="candidate",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="candidate_has_a_title"
            ),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.CheckConstraint(
                condition=models.Q(("checked_by", ""), _negated=True), name="check_says_by_whom"
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("candidate__isnull", True), ("proposal__isnull", False)),
                    models.Q(("candidate__isnull", False), ("proposal__isnull", True)),
                    _connector="OR",
                ),
                name="decision_is_about_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", {}), _negated=True), name="decision_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at__isnull", True)),
                fields=("candidate",),
                name="decision_of_candidate_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at__isnull", True)),
                fields=("proposal",),
                name="decision_of_proposal_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="layer",
            constraint=models.UniqueConstraint(fields=("organisation", "slug", "version"), name="layer_version_once"),
        ),
        migrations.AddConstraint(
            model_name="layer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "current")), fields=("organisation", "slug"), name="layer_current_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="layer",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("source", ""), _negated=True), models.Q(("licence", ""), _negated=True)),
                name="layer_has_source_and_licence",
            ),
        ),
        migrations.AddConstraint(
            model_name="layerfeature",
            constraint=models.UniqueConstraint(fields=("layer", "key"), name="layer_feature_key_once"),
        ),
        migrations.AddConstraint(
            model_name="origin",
            constraint=models.UniqueConstraint(fields=("candidate", "proposal"), name="origin_proposal_once"),
        ),
        migrations.AddConstraint(
            model_name="origin",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cluster__isnull", True),
                        ("feature__isnull", True),
                        ("kind", "proposal"),
                        ("proposal__isnull", False),
                    ),
                    models.Q(
                        ("cluster__isnull", True),
                        ("feature__isnull", False),
                        ("kind", "feature"),
                        ("proposal__isnull", True),
                    ),
                    models.Q(
                        ("cluster__isnull", False),
                        ("feature__isnull", True),
                        ("kind", "cluster"),
                        ("proposal__isnull", True),
                    ),
                    models.Q(
                        ("cluster__isnull", True),
                        ("feature__isnull", True),
                        ("kind", "hand"),
                        ("proposal__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="origin_is_of_its_kind",
            ),
        ),
        migrations.RunSQL(PUBLISHED_IS_FINAL, DROP),
    ]
