import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("siting", "0001_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Study",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "being prepared"),
                            ("queued", "waiting for its turn"),
                            ("running", "being computed"),
                            ("done", "done"),
                            ("failed", "not possible"),
                            ("stopped", "stopped"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("progress", models.PositiveSmallIntegerField(default=0)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("stamp", models.JSONField(default=dict)),
                ("stamp_hash", models.CharField(blank=True, max_length=64)),
                ("result", models.JSONField(blank=True, null=True)),
                ("result_hash", models.CharField(blank=True, max_length=64)),
                ("failure", models.JSONField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("number", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=120)),
                ("question", models.TextField(blank=True, max_length=1000)),
                ("template", models.CharField(blank=True, max_length=20)),
                (
                    "existing_layer",
                    models.SlugField(blank=True, help_text="The layer of what is there already", max_length=60),
                ),
                (
                    "n_first",
                    models.PositiveSmallIntegerField(default=12, help_text="How many places at the top matter"),
                ),
                ("is_public", models.BooleanField(default=False, help_text="Everybody may read criteria and scores")),
                ("created_at", models.DateTimeField()),
                (
                    "area",
                    models.ForeignKey(
                        blank=True,
                        help_text="Only candidates in this neighbourhood",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="studies",
                        to="participation.area",
                    ),
                ),
                (
                    "cloned_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="clones",
                        to="siting.study",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="studies",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="studies", to="participation.project"
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Scenario",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "being prepared"),
                            ("queued", "waiting for its turn"),
                            ("running", "being computed"),
                            ("done", "done"),
                            ("failed", "not possible"),
                            ("stopped", "stopped"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("progress", models.PositiveSmallIntegerField(default=0)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("stamp", models.JSONField(default=dict)),
                ("stamp_hash", models.CharField(blank=True, max_length=64)),
                ("result", models.JSONField(blank=True, null=True)),
                ("result_hash", models.CharField(blank=True, max_length=64)),
                ("failure", models.JSONField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("number", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=120)),
                ("asked", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="scenarios",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scenarios", to="siting.study"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("code", models.CharField(max_length=40)),
                (
                    "name",
                    models.CharField(blank=True, help_text="Empty: the name its code has in the set", max_length=120),
                ),
                ("kind", models.CharField(choices=[("hard", "hard"), ("scored", "scored")], max_length=10)),
                ("weight", models.FloatField(default=0)),
                ("worth", models.JSONField(blank=True, default=dict)),
                ("least", models.FloatField(blank=True, null=True)),
                ("most", models.FloatField(blank=True, null=True)),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("nearest", "nearest"),
                            ("count", "count"),
                            ("sum", "sum"),
                            ("inside", "inside"),
                            ("below", "below"),
                            ("existing", "existing"),
                            ("supports", "supports"),
                            ("pins", "pins"),
                            ("check", "check"),
                            ("hand", "hand"),
                        ],
                        max_length=10,
                    ),
                ),
                ("layer", models.SlugField(blank=True, max_length=60)),
                ("attribute", models.CharField(blank=True, max_length=100)),
                ("radius_m", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("m", "m"),
                            ("count", "count"),
                            ("yes_no", "yes_no"),
                            ("number", "number"),
                            ("level", "level"),
                        ],
                        max_length=10,
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=300)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="criteria", to="siting.study"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="HandValue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.JSONField()),
                ("typed_at", models.DateTimeField()),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hand_values", to="siting.candidate"
                    ),
                ),
                (
                    "criterion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hand_values", to="siting.criterion"
                    ),
                ),
                (
                    "typed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="hand_values",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("criterion", "candidate"), name="hand_value_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="study_number_once"),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("title", ""), _negated=True), ("n_first__gte", 1)),
                name="study_has_a_title",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_public", False), ("state", "done"), _connector="OR"),
                name="study_public_is_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("result__isnull", False), ("state", "done")),
                    models.Q(models.Q(("state", "done"), _negated=True), ("result__isnull", True)),
                    _connector="OR",
                ),
                name="study_done_has_a_result",
            ),
        ),
        migrations.AddConstraint(
            model_name="scenario",
            constraint=models.UniqueConstraint(fields=("study", "number"), name="scenario_number_once"),
        ),
        migrations.AddConstraint(
            model_name="scenario",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("result__isnull", False), ("state", "done")),
                    models.Q(models.Q(("state", "done"), _negated=True), ("result__isnull", True)),
                    _connector="OR",
                ),
                name="scenario_done_has_a_result",
            ),
        ),
        migrations.AddConstraint(
            model_name="criterion",
            constraint=models.UniqueConstraint(fields=("study", "code"), name="criterion_code_once"),
        ),
        migrations.AddConstraint(
            model_name="criterion",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__gte", 0)), name="criterion_weight_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="criterion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("radius_m__isnull", True),
                    models.Q(("radius_m__gte", 1), ("radius_m__lte", 50000)),
                    _connector="OR",
                ),
                name="criterion_radius_in_reach",
            ),
        ),
    ]
