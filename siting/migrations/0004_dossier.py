"""The decision dossier, which nobody can change once it is published."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FINAL = """
CREATE FUNCTION siting_dossier_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published dossier stays as it is'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'dossier_is_final';
END $$;
-- Erasing a person empties the name of who published and nothing else.
CREATE TRIGGER dossier_is_final BEFORE UPDATE ON siting_dossier
  FOR EACH ROW WHEN (
    ROW (NEW.project_id, NEW.version, NEW.content, NEW.content_hash, NEW.published_at)
      IS DISTINCT FROM ROW (OLD.project_id, OLD.version, OLD.content, OLD.content_hash, OLD.published_at)
    OR NEW.published_by_id IS NOT NULL AND NEW.published_by_id IS DISTINCT FROM OLD.published_by_id
  ) EXECUTE FUNCTION siting_dossier_is_final();
"""

DROP = """
DROP TRIGGER dossier_is_final ON siting_dossier;
DROP FUNCTION siting_dossier_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("participation", "0005_responses"),
        ("siting", "0003_kept"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Dossier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("content_hash", models.CharField(max_length=64)),
                ("published_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dossiers",
                        to="participation.project",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="dossiers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-version"],
                "constraints": [models.UniqueConstraint(fields=("project", "version"), name="dossier_version_once")],
            },
        ),
        migrations.RunSQL(FINAL, DROP),
    ]
