"""Questions of a project, what people answered, and what they answered with; asked questions stay as they were."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Drafts may be changed in place: nobody can have answered them. Looked at in the tables, so that a change under way
# cannot rewrite what somebody is answering.
KEPT = """
CREATE FUNCTION participation_form_version_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM participation_project WHERE id = OLD.project_id AND state <> 'draft') THEN
    RAISE EXCEPTION 'questions that were asked stay as they were'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'form_version_kept';
  END IF;
  RETURN NEW;
END $$;
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION participation_form_version_kept() SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE TRIGGER form_version_kept BEFORE UPDATE ON participation_formversion
  FOR EACH ROW EXECUTE FUNCTION participation_form_version_kept();
"""
DROP = """
DROP TRIGGER form_version_kept ON participation_formversion;
DROP FUNCTION participation_form_version_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("participation", "0009_moderation")]

    operations = [
        migrations.AlterField(
            model_name="draft",
            name="kind",
            field=models.CharField(
                choices=[("proposal", "Proposal"), ("ballot", "Ballot"), ("form", "Form")], max_length=10
            ),
        ),
        migrations.CreateModel(
            name="FormVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "asked",
                    models.CharField(choices=[("alone", "alone"), ("proposal", "proposal")], max_length=10),
                ),
                ("number", models.PositiveIntegerField()),
                ("questions", models.JSONField(default=list)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="form_versions",
                        to="participation.project",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=["project", "asked", "number"], name="form_version_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AnswerSheet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("answers", models.JSONField(default=dict)),
                ("language", models.CharField(default="nl", max_length=7)),
                ("sent_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                ("left_out_because", models.TextField(blank=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="answer_sheets",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answer_sheets",
                        to="participation.project",
                    ),
                ),
                (
                    "proposal",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answer_sheet",
                        to="participation.proposal",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="sheets",
                        to="participation.formversion",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["project", "-sent_at"], name="answer_sheet_latest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("proposal__isnull", True)),
                        fields=("project", "person"),
                        name="answer_sheet_one_a_person",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AnswerFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("question", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=120)),
                ("content_type", models.CharField(max_length=40)),
                ("alt", models.CharField(blank=True, max_length=200)),
                ("width", models.PositiveIntegerField(default=0)),
                ("height", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                (
                    "draft",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answer_files",
                        to="participation.draft",
                    ),
                ),
                (
                    "sheet",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="participation.answersheet",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("draft__isnull", False), ("sheet__isnull", True)),
                            models.Q(("draft__isnull", True), ("sheet__isnull", False)),
                            _connector="OR",
                        ),
                        name="answer_file_of_one_thing",
                    )
                ],
            },
        ),
        migrations.RunSQL(KEPT, DROP),
    ]
