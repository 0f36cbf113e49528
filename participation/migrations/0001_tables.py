"""The tables."""

import uuid

import django.contrib.gis.db.models.fields
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.contrib.postgres.operations import CreateExtension, TrigramExtension, UnaccentExtension
from django.db import migrations, models

import participation.rules.electorate
import participation.rules.voting


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        # The user model must be in the first migration, and it comes with the rest; so the extensions stand here.
        CreateExtension("postgis"),
        TrigramExtension(),
        UnaccentExtension(),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=100)),
                (
                    "site_name",
                    models.CharField(
                        help_text="The name in the page head, such as “Poperinge decides”", max_length=100
                    ),
                ),
                (
                    "hosts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=253), blank=True, default=list, size=None
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=7), default=list, size=None
                    ),
                ),
                ("outline", django.contrib.gis.db.models.fields.MultiPolygonField(blank=True, null=True, srid=4326)),
                ("population", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "theme",
                    models.JSONField(
                        blank=True, default=dict, help_text="Colour tokens, such as {“accent”: “#1f5c3a”}"
                    ),
                ),
                ("contact_email", models.EmailField(blank=True, max_length=254)),
                (
                    "is_fictitious",
                    models.BooleanField(default=False, help_text="Every page says that people and votes are made up"),
                ),
                ("revision", models.PositiveBigIntegerField(default=0, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="Phase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("inform", "inform"),
                            ("propose", "propose"),
                            ("discuss", "discuss"),
                            ("shortlist", "shortlist"),
                            ("vote", "vote"),
                            ("decide", "decide"),
                            ("roll_out", "roll_out"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.JSONField(default=dict)),
                ("opens_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, help_text="When the votes were counted", null=True)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("choices", "choices"),
                            ("support", "support"),
                            ("points", "points"),
                            ("budget", "budget"),
                            ("ranking", "ranking"),
                        ],
                        default=participation.rules.voting.Method["CHOICES"],
                        max_length=10,
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("plurality", "plurality"),
                            ("greedy", "greedy"),
                            ("equal-shares", "equal-shares"),
                            ("borda", "borda"),
                        ],
                        default=participation.rules.voting.Rule["PLURALITY"],
                        max_length=12,
                    ),
                ),
                ("cap", models.PositiveSmallIntegerField(default=5, help_text="How many choices at most")),
                ("floor", models.PositiveSmallIntegerField(default=1, help_text="How many choices at least")),
                ("points", models.PositiveIntegerField(default=10, help_text="How many points to divide")),
                (
                    "points_max",
                    models.PositiveIntegerField(default=10, help_text="How many points at most on one option"),
                ),
                ("budget_cents", models.PositiveBigIntegerField(blank=True, help_text="The sum to spend", null=True)),
                (
                    "cap_per_area",
                    models.PositiveSmallIntegerField(blank=True, help_text="Choices in one neighbourhood", null=True),
                ),
                (
                    "cap_per_theme",
                    models.PositiveSmallIntegerField(blank=True, help_text="Choices of one theme", null=True),
                ),
                ("n_winners", models.PositiveSmallIntegerField(default=12)),
                (
                    "one_per_area",
                    models.BooleanField(default=False, help_text="Each neighbourhood gets at least one place"),
                ),
                (
                    "eligibility",
                    models.CharField(
                        choices=[("mail", "mail"), ("verified", "verified"), ("code", "code")],
                        default=participation.rules.electorate.Eligibility["MAIL"],
                        max_length=10,
                    ),
                ),
                (
                    "min_age",
                    models.PositiveSmallIntegerField(blank=True, help_text="How old one must be to vote", null=True),
                ),
                ("takes_paper", models.BooleanField(default=False, help_text="Staff may type in ballots on paper")),
                (
                    "n_eligible",
                    models.PositiveIntegerField(blank=True, help_text="How many people may vote", null=True),
                ),
                (
                    "write_ins",
                    models.BooleanField(default=False, help_text="New proposals may come in while the vote runs"),
                ),
                (
                    "write_ins_join",
                    models.BooleanField(default=False, help_text="Staff may add them to the running ballot"),
                ),
                (
                    "hides_tally",
                    models.BooleanField(default=True, help_text="Nobody sees counts before the vote closes"),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, null=True, unique=True, verbose_name="mail address"),
                ),
                ("public_name", models.CharField(blank=True, max_length=60, verbose_name="name others see")),
                ("language", models.CharField(default="nl", max_length=7)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="person_email_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Ballot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tag", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="ballots",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "phase",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ballots",
                        to="participation.phase",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Area",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=100)),
                ("part", models.CharField(blank=True, help_text="The former municipality it lies in", max_length=100)),
                ("outline", django.contrib.gis.db.models.fields.MultiPolygonField(srid=4326)),
                ("population", models.PositiveIntegerField(blank=True, null=True)),
                ("population_is_estimate", models.BooleanField(default=False)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="areas",
                        to="participation.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("closes_at", models.DateTimeField()),
                ("reason", models.TextField(max_length=1000)),
                ("asked_at", models.DateTimeField()),
                ("agreed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agreed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extensions_agreed",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extensions_asked",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "phase",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="extensions", to="participation.phase"
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="CodeBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
                ("n_codes", models.PositiveIntegerField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="code_batches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "phase",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="code_batches",
                        to="participation.phase",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BallotCast",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cap", models.PositiveSmallIntegerField()),
                ("seq", models.PositiveIntegerField()),
                ("nonce", models.UUIDField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "channel",
                    models.CharField(
                        choices=[("web", "web"), ("code", "code"), ("paper", "paper")],
                        db_default="web",
                        default=participation.rules.electorate.Channel["WEB"],
                        max_length=5,
                    ),
                ),
                (
                    "ballot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="casts",
                        to="participation.ballot",
                    ),
                ),
                (
                    "clerk",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Who typed it in",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paper_casts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "phase",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="casts",
                        to="participation.phase",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(blank=True, max_length=40)),
                ("area_name", models.CharField(blank=True, max_length=100)),
                ("point", django.contrib.gis.db.models.fields.PointField(srid=4326)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="places",
                        to="participation.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("open", "open")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("title", models.JSONField(default=dict)),
                ("question", models.JSONField(default=dict)),
                ("summary", models.JSONField(default=dict)),
                ("rules", models.JSONField(default=dict)),
                ("outcome", models.JSONField(default=dict)),
                ("area", django.contrib.gis.db.models.fields.MultiPolygonField(blank=True, null=True, srid=4326)),
                (
                    "moderated_first",
                    models.BooleanField(default=False, help_text="Staff look before a proposal is public"),
                ),
                ("nearby_radius_m", models.PositiveIntegerField(default=250)),
                ("revision", models.PositiveBigIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="projects",
                        to="participation.organisation",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="phase",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="phases", to="participation.project"
            ),
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("token", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("proposal", "Proposal"), ("ballot", "Ballot")], max_length=10)),
                ("content", models.JSONField(default=dict)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to="participation.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("resident", "proposed by a resident"),
                            ("city", "proposed by the city"),
                            ("paper", "received on paper"),
                        ],
                        default="resident",
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("submitted", "being checked"), ("published", "public"), ("hidden", "not shown")],
                        default="published",
                        max_length=10,
                    ),
                ),
                ("hidden_because", models.TextField(blank=True)),
                ("title", models.CharField(max_length=120)),
                ("body", models.TextField(blank=True, max_length=4000)),
                ("language", models.CharField(default="nl", max_length=7)),
                ("point", django.contrib.gis.db.models.fields.PointField(blank=True, null=True, srid=4326)),
                ("cost_cents", models.PositiveBigIntegerField(blank=True, null=True)),
                ("on_ballot", models.BooleanField(default=False)),
                ("n_supports", models.PositiveIntegerField(default=0, editable=False)),
                ("import_key", models.CharField(blank=True, max_length=200, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "area",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="proposals",
                        to="participation.area",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="proposals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="participation.project",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Record",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=40)),
                ("subject", models.CharField(max_length=100)),
                ("detail", models.JSONField(default=dict)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="records",
                        to="participation.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="records",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="records",
                        to="participation.project",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Support",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="supports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="supports",
                        to="participation.proposal",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TallyRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n_votes", models.PositiveIntegerField()),
                ("rank", models.PositiveIntegerField()),
                ("is_winner", models.BooleanField()),
                (
                    "phase",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tally", to="participation.phase"
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tally", to="participation.proposal"
                    ),
                ),
            ],
            options={
                "ordering": ["rank"],
            },
        ),
        migrations.CreateModel(
            name="Theme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60)),
                ("name", models.JSONField(default=dict)),
                ("colour", models.CharField(default="#1f5c3a", max_length=7)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="themes", to="participation.project"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.AddField(
            model_name="proposal",
            name="theme",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="proposals",
                to="participation.theme",
            ),
        ),
        migrations.CreateModel(
            name="Vote",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "cast_id", "position", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("cap", models.PositiveSmallIntegerField()),
                ("position", models.PositiveSmallIntegerField()),
                ("value", models.PositiveIntegerField(default=1)),
                (
                    "cast",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="votes",
                        to="participation.ballotcast",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="participation.proposal"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="VotingCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("locator", models.CharField(max_length=4)),
                ("salt", models.BinaryField(max_length=16)),
                ("digest", models.BinaryField(max_length=32)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="codes", to="participation.codebatch"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "phase",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="codes",
                        to="participation.phase",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("resident", "resident"),
                            ("moderator", "moderator"),
                            ("planner", "planner"),
                            ("gis", "gis"),
                            ("manager", "manager"),
                        ],
                        max_length=20,
                    ),
                ),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "verified_by",
                    models.CharField(
                        blank=True, choices=[("staff", "staff"), ("letter", "letter"), ("oidc", "oidc")], max_length=10
                    ),
                ),
                ("born_on", models.DateField(blank=True, null=True)),
                ("roll_key", models.BinaryField(blank=True, max_length=32, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="participation.organisation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "person"), name="membership_once"),
                    models.UniqueConstraint(fields=("organisation", "roll_key"), name="roll_key_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("verified_at__isnull", True), ("verified_by", "")),
                            models.Q(("verified_at__isnull", False), models.Q(("verified_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="membership_says_how_verified",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.UniqueConstraint(fields=("organisation", "code"), name="area_code_once"),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("agreed_by__isnull", True),
                    models.Q(("agreed_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="extension_by_two_officers",
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("agreed_at__isnull", True), ("agreed_by__isnull", True)),
                    models.Q(("agreed_at__isnull", False), ("agreed_by__isnull", False)),
                    _connector="OR",
                ),
                name="extension_agreed_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="extension_has_a_reason"
            ),
        ),
        migrations.AddIndex(
            model_name="ballotcast",
            index=models.Index(fields=["phase", "cap"], name="cast_phase_cap"),
        ),
        migrations.AddIndex(
            model_name="ballotcast",
            index=models.Index(condition=models.Q(("clerk__isnull", False)), fields=["clerk"], name="cast_by_clerk"),
        ),
        migrations.AddConstraint(
            model_name="ballotcast",
            constraint=models.UniqueConstraint(fields=("ballot", "seq"), name="cast_seq_once"),
        ),
        migrations.AddConstraint(
            model_name="ballotcast",
            constraint=models.UniqueConstraint(fields=("ballot", "nonce"), name="cast_nonce_once"),
        ),
        migrations.AddConstraint(
            model_name="ballotcast",
            constraint=models.UniqueConstraint(fields=("id", "cap"), name="cast_id_cap"),
        ),
        migrations.AddConstraint(
            model_name="ballotcast",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("channel", "paper"), ("clerk__isnull", False)),
                    models.Q(models.Q(("channel", "paper"), _negated=True), ("clerk__isnull", True)),
                    _connector="OR",
                ),
                name="cast_on_paper_has_a_clerk",
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.UniqueConstraint(fields=("phase", "person"), name="ballot_once"),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="place_name_once"),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.UniqueConstraint(fields=("organisation", "slug"), name="project_slug_once"),
        ),
        migrations.AddConstraint(
            model_name="phase",
            constraint=models.UniqueConstraint(fields=("project", "position"), name="phase_position_once"),
        ),
        migrations.AddConstraint(
            model_name="phase",
            constraint=models.UniqueConstraint(fields=("id", "cap"), name="phase_id_cap"),
        ),
        migrations.AddConstraint(
            model_name="phase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closes_at__isnull", True), ("closes_at__gt", models.F("opens_at")), _connector="OR"
                ),
                name="phase_closes_after_opening",
            ),
        ),
        migrations.AddConstraint(
            model_name="phase",
            constraint=models.CheckConstraint(
                condition=models.Q(("cap__gte", models.F("floor")), ("floor__gte", 1)), name="phase_cap_above_floor"
            ),
        ),
        migrations.AddConstraint(
            model_name="phase",
            constraint=models.CheckConstraint(
                condition=models.Q(("points__gte", 1), ("points_max__gte", 1), ("points_max__lte", models.F("points"))),
                name="phase_points_make_sense",
            ),
        ),
        migrations.AddConstraint(
            model_name="phase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("method", "budget"), _negated=True), ("budget_cents__isnull", False), _connector="OR"
                ),
                name="phase_budget_has_a_sum",
            ),
        ),
        migrations.AddConstraint(
            model_name="phase",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("method", "support"), _negated=True), ("cap", 32767), _connector="OR"),
                name="phase_support_has_no_cap",
            ),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["organisation", "-at"], name="record_latest"),
        ),
        migrations.AddConstraint(
            model_name="support",
            constraint=models.UniqueConstraint(fields=("proposal", "person"), name="support_once"),
        ),
        migrations.AddConstraint(
            model_name="tallyrow",
            constraint=models.UniqueConstraint(fields=("phase", "proposal"), name="tally_once"),
        ),
        migrations.AddConstraint(
            model_name="tallyrow",
            constraint=models.UniqueConstraint(fields=("phase", "rank"), name="tally_rank_once"),
        ),
        migrations.AddConstraint(
            model_name="theme",
            constraint=models.UniqueConstraint(fields=("project", "slug"), name="theme_slug_once"),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(fields=["project", "state", "-created_at"], name="proposal_queue"),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(fields=["project", "-n_supports"], name="proposal_most_supported"),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("title"), name="gin_trgm_ops"
                ),
                name="proposal_title_trigram",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="proposal_number_once"),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(fields=("project", "import_key"), name="proposal_import_key_once"),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("on_ballot", True), _negated=True), ("state", "published"), _connector="OR"
                ),
                name="proposal_on_ballot_is_public",
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.UniqueConstraint(fields=("cast", "proposal"), name="vote_once_a_cast"),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__gte", 1), ("position__lte", models.F("cap"))), name="vote_within_cap"
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.CheckConstraint(condition=models.Q(("value__gte", 1)), name="vote_has_a_value"),
        ),
        migrations.AddConstraint(
            model_name="votingcode",
            constraint=models.UniqueConstraint(fields=("phase", "locator"), name="code_locator_once"),
        ),
        migrations.AddConstraint(
            model_name="votingcode",
            constraint=models.UniqueConstraint(fields=("phase", "person"), name="code_once_a_person"),
        ),
        migrations.AddConstraint(
            model_name="votingcode",
            constraint=models.CheckConstraint(
                condition=models.Q(("person__isnull", True), ("used_at__isnull", False), _connector="OR"),
                name="code_of_a_person_is_used",
            ),
        ),
    ]
