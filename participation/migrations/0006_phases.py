"""Access by act, projects set up at the desk, invitations and claims; what holds of them in SQL."""

import django.db.models.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The same table as LEVELS in participation/rules/access.py; tests/contracts/test_acts.py holds that they agree.
ACCESS = """
CREATE FUNCTION participation_good_access(access jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_typeof(access) = 'object' AND NOT EXISTS (
    SELECT FROM jsonb_each_text(CASE jsonb_typeof(access) WHEN 'object' THEN access ELSE '{}' END) AS a (act, level)
     WHERE NOT CASE act
       WHEN 'propose' THEN level IN ('anyone', 'mail', 'verified')
       WHEN 'comment' THEN level IN ('anyone', 'mail', 'verified')
       WHEN 'answer' THEN level IN ('anyone', 'mail', 'verified')
       WHEN 'report' THEN level IN ('anyone', 'mail', 'verified')
       WHEN 'support' THEN level IN ('mail', 'verified')
       WHEN 'follow' THEN level IN ('mail', 'verified')
       ELSE false END)
$$;
ALTER TABLE participation_project ADD CONSTRAINT project_access_good CHECK (participation_good_access(access));
ALTER TABLE participation_phase ADD CONSTRAINT phase_access_good CHECK (participation_good_access(access));
"""

# A phase in which something can have come in stays in the history of its project; one still to come may go.
PHASE_KEPT = """
CREATE FUNCTION participation_phase_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.opens_at <= clock_timestamp()
     AND EXISTS (SELECT FROM participation_project WHERE id = OLD.project_id AND state <> 'draft')
     AND EXISTS (SELECT FROM participation_proposal WHERE project_id = OLD.project_id) THEN
    RAISE EXCEPTION 'a phase that began stays with its project'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'phase_kept';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER phase_kept BEFORE DELETE ON participation_phase
  FOR EACH ROW EXECUTE FUNCTION participation_phase_kept();
"""

# What was accepted or withdrawn stays so: a link is good once.
USED_ONCE = """
CREATE FUNCTION participation_used_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a link is good once'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'link_used_once';
END $$;
-- Erasing a person empties the name of who accepted it and nothing else.
CREATE TRIGGER used_once BEFORE UPDATE ON participation_invitation FOR EACH ROW WHEN (
    OLD.used_at IS NOT NULL AND (NEW.used_at IS DISTINCT FROM OLD.used_at OR NEW.used_by_id IS NOT NULL)
    OR OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NULL
  ) EXECUTE FUNCTION participation_used_once();
CREATE TRIGGER used_once BEFORE UPDATE ON participation_claim
  FOR EACH ROW WHEN (OLD.used_at IS NOT NULL) EXECUTE FUNCTION participation_used_once();
"""

SEARCH_PATH = """
DO $$
DECLARE
  f regprocedure;
BEGIN
  FOR f IN SELECT oid FROM pg_proc
            WHERE pronamespace = current_schema()::regnamespace
              AND proname IN ('participation_phase_kept', 'participation_used_once') LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
  END LOOP;
END $$;
"""

DROP = """
DROP TRIGGER used_once ON participation_claim;
DROP TRIGGER used_once ON participation_invitation;
DROP FUNCTION participation_used_once();
DROP TRIGGER phase_kept ON participation_phase;
DROP FUNCTION participation_phase_kept();
ALTER TABLE participation_phase DROP CONSTRAINT phase_access_good;
ALTER TABLE participation_project DROP CONSTRAINT project_access_good;
DROP FUNCTION participation_good_access(jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("participation", "0005_responses"),
    ]

    operations = [
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("made_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("resident", "resident"),
                            ("moderator", "moderator"),
                            ("planner", "planner"),
                            ("gis", "gis"),
                            ("communication", "communication"),
                            ("manager", "manager"),
                        ],
                        max_length=20,
                    ),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("invited_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-invited_at", "-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="phase",
            name="phase_position_once",
        ),
        migrations.AddField(
            model_name="organisation",
            name="staff_second_factor",
            field=models.BooleanField(default=False, help_text="Staff need a second factor beside the code by mail"),
        ),
        migrations.AddField(
            model_name="phase",
            name="access",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="project",
            name="access",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="project",
            name="area_source",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="project",
            name="considered",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("resident", "resident"),
                    ("moderator", "moderator"),
                    ("planner", "planner"),
                    ("gis", "gis"),
                    ("communication", "communication"),
                    ("manager", "manager"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="phase",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("project", "position"),
                name="phase_position_once",
            ),
        ),
        migrations.AddField(
            model_name="claim",
            name="proposal",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="claim", to="participation.proposal"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="invitations_sent",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="participation.organisation"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="used_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="invitations_used",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["moderator", "planner", "gis", "communication", "manager"])),
                name="invitation_to_staff",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("invited_at"))), name="invitation_expires_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("used_at__isnull", True), ("used_by__isnull", True)),
                    models.Q(("used_at__isnull", False), ("withdrawn_at__isnull", True)),
                    _connector="OR",
                ),
                name="invitation_used_or_withdrawn",
            ),
        ),
        migrations.RunSQL(ACCESS + PHASE_KEPT + USED_ONCE + SEARCH_PATH, DROP),
    ]
