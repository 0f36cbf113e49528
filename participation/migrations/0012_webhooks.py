"""Webhooks and their outbox, which triggers fill in the transaction in which something happens; the licence of a town's
open data, the backgrounds of its maps and its address search."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

EVENTS = (
    "proposal.published", "proposal.hidden", "answers.published", "vote.counted", "project.published",
)  # fmt: skip
LICENCES = [
    ("modellicentie", "Modellicentie Gratis Hergebruik v1.0"),
    ("cc0", "CC0 1.0"),
    ("cc-by", "CC BY 4.0"),
]

# One message for each webhook of the town that asked for it. A project that nobody can see yet tells of nothing.
TELL = """
CREATE FUNCTION participation_tell(project bigint, happened text, facts jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO participation_delivery (key, webhook_id, event, facts, made_at, due_at, n_tries, tries)
  SELECT gen_random_uuid(), w.id, happened, jsonb_build_object('project', p.slug) || facts, now(), now(), 0, '[]'
    FROM participation_project p
    JOIN participation_webhook w ON w.organisation_id = p.organisation_id AND happened = ANY (w.events)
   WHERE p.id = project AND p.state <> 'draft';
$$;
"""
# An import of thousands is some messages, of so many numbers each.
A_MESSAGE = 500
MANY = """
CREATE FUNCTION participation_tell_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Most towns have no webhook, and each support comes by here.
  IF NOT EXISTS (SELECT FROM participation_webhook) THEN RETURN NULL; END IF;
  PERFORM participation_tell(project_id, happened, jsonb_build_object('numbers', jsonb_agg(number ORDER BY number)))
     FROM (SELECT project_id, number, happened,
                  (row_number() OVER (PARTITION BY project_id, happened ORDER BY number) - 1) / {a_message} AS part
             FROM ({rows}) one) many
    GROUP BY project_id, happened, part ORDER BY project_id, part;
  RETURN NULL;
END $$;
CREATE TRIGGER tell_{name} AFTER {act} ON {table} REFERENCING {tables}
  FOR EACH STATEMENT EXECUTE FUNCTION participation_tell_{name}();
"""
STATEMENTS = (
    (
        "proposal_in", "INSERT", "participation_proposal", "NEW TABLE AS added",
        "SELECT project_id, number, 'proposal.published' AS happened FROM added WHERE state = 'published'",
    ),
    (
        "proposal_change", "UPDATE", "participation_proposal", "NEW TABLE AS added OLD TABLE AS removed",
        "SELECT a.project_id, a.number,"
        " CASE WHEN a.state = 'published' THEN 'proposal.published' ELSE 'proposal.hidden' END AS happened"
        " FROM added a JOIN removed r USING (id)"
        " WHERE (a.state = 'published') <> (r.state = 'published')",
    ),
    (
        "response", "INSERT", "participation_response", "NEW TABLE AS added",
        "SELECT p.project_id, p.number, 'answers.published' AS happened"
        " FROM added a JOIN participation_proposal p ON p.id = a.proposal_id",
    ),
)  # fmt: skip
ONE = """
CREATE FUNCTION participation_tell_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM participation_tell({project}, {happened}, '{{}}');
  RETURN NULL;
END $$;
CREATE TRIGGER tell_{name} AFTER {act} ON {table}
  FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION participation_tell_{name}();
"""
ROWS = (
    (
        "phase", "UPDATE OF closed_at", "participation_phase",
        "OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL", "NEW.project_id", "'vote.counted'",
    ),
    (
        "project", "UPDATE OF state", "participation_project", "OLD.state <> NEW.state AND NEW.state = 'open'",
        "NEW.id", "'project.published'",
    ),
    ("project_in", "INSERT", "participation_project", "NEW.state = 'open'", "NEW.id", "'project.published'"),
)  # fmt: skip
# What the town answered last is a column of the layer of proposals: the layer changes with it.
TOUCH = """
CREATE FUNCTION participation_touch_answered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE participation_project SET revision = revision + 1
   WHERE id IN (SELECT p.project_id FROM participation_proposal p JOIN changed c ON c.proposal_id = p.id);
  RETURN NULL;
END $$;
CREATE TRIGGER touch_answered_in AFTER INSERT ON participation_response
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_touch_answered();
CREATE TRIGGER touch_answered_change AFTER UPDATE ON participation_response
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_touch_answered();
CREATE TRIGGER touch_answered_out AFTER DELETE ON participation_response
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_touch_answered();
"""
# Functions find their tables whatever schema somebody else puts in front.
PATHS = "".join(
    f"EXECUTE format('ALTER FUNCTION {name} SET search_path = %I, pg_temp', current_schema());"
    for name in (
        "participation_tell(bigint, text, jsonb)",
        "participation_touch_answered()",
        *(f"participation_tell_{each[0]}()" for each in (*STATEMENTS, *ROWS)),
    )
)
TRIGGERS = "".join(
    [
        TELL,
        TOUCH,
        *(
            MANY.format(name=name, act=act, table=table, tables=tables, rows=rows, a_message=A_MESSAGE)
            for name, act, table, tables, rows in STATEMENTS
        ),
        *(
            ONE.format(name=name, act=act, table=table, when=when, project=project, happened=happened)
            for name, act, table, when, project, happened in ROWS
        ),
        f"DO $$ BEGIN {PATHS} END $$;",
    ]
)
DROP = "".join(
    f"DROP TRIGGER tell_{each[0]} ON {each[2]}; DROP FUNCTION participation_tell_{each[0]}();"
    for each in (*STATEMENTS, *ROWS)
)
DROP += "DROP FUNCTION participation_tell(bigint, text, jsonb);"
DROP += "".join(f"DROP TRIGGER touch_answered_{what} ON participation_response;" for what in ("in", "change", "out"))
DROP += "DROP FUNCTION participation_touch_answered();"


class Migration(migrations.Migration):
    dependencies = [("participation", "0011_zones")]
    operations = [
        migrations.AddField("organisation", "base_maps", models.JSONField(blank=True, default=list)),
        migrations.AddField(
            "organisation", "address_search", models.CharField(blank=True, default="first", max_length=20)
        ),
        migrations.AddField(
            "organisation", "licence", models.CharField(choices=LICENCES, default="modellicentie", max_length=20)
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("url", models.CharField(max_length=500)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40, choices=[(event, event) for event in EVENTS]),
                        size=None,
                    ),
                ),
                ("salt", models.BinaryField(max_length=16)),
                ("made_at", models.DateTimeField()),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="webhooks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhooks",
                        to="participation.organisation",
                    ),
                ),
            ],
            options={"ordering": ["name", "pk"]},
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("event", models.CharField(max_length=40)),
                ("facts", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("n_tries", models.PositiveSmallIntegerField(default=0)),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.JSONField(default=list)),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="participation.webhook",
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-pk"],
                "indexes": [
                    models.Index(fields=["webhook", "due_at"], condition=Q(due_at__isnull=False), name="delivery_due"),
                    models.Index(fields=["webhook", "-made_at"], name="delivery_latest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(taken_at__isnull=True) | Q(due_at__isnull=True), name="delivery_taken_is_not_due"
                    )
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, DROP),
    ]
