"""Doubles, moderation, comments, follows, reports and photos; and what Django cannot say of them."""

import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# unaccent depends on a dictionary that could be changed, so PostgreSQL calls it stable. Ours is not changed, and an
# index needs a function that is immutable; both names are written out, so that it holds under any search path.
FOLDED = """
DO $$
DECLARE
  words_in text := (SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'unaccent');
  likes_in text := (SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'pg_trgm');
BEGIN
  EXECUTE format($f$
    CREATE FUNCTION participation_folded(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS 'SELECT lower(%1$I.unaccent(''%1$I.unaccent''::regdictionary, words))'
  $f$, words_in);
  -- A few words typed so far may stand in a long title, and a short title in what is typed. Without a search path of
  -- its own, so that it becomes part of the question that calls it.
  EXECUTE format($f$
    CREATE FUNCTION participation_likeness(one text, other text) RETURNS real LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS 'SELECT CASE WHEN pg_catalog.length(other) >= pg_catalog.length(one)
                    THEN %1$I.word_similarity(one, other) ELSE %1$I.word_similarity(other, one) END'
  $f$, likes_in);
END $$;
"""

SUPPORTS = """
-- How many different people support each of these or one that was joined with it. Locked first, in the order of their
-- ids: the statement after it has a snapshot of its own, which sees what those who were waited for committed
-- (tests/drills/test_merge_race.py).
CREATE FUNCTION participation_count_supports_anew(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM participation_proposal WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
  UPDATE participation_proposal p SET n_supports = c.n
    FROM (SELECT r.id, (
            SELECT count(DISTINCT s.person_id) FROM participation_support s WHERE s.proposal_id = ANY (
              ARRAY(SELECT r.id UNION ALL SELECT m.id FROM participation_proposal m WHERE m.merged_into_id = r.id))) AS n
            FROM unnest(ids) AS r (id)) c
   WHERE p.id = c.id AND p.n_supports <> c.n;
END $$;

-- Counting on is enough where nothing was joined; with what was joined a person may be counted already.
CREATE OR REPLACE FUNCTION participation_count_supports() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(SELECT proposal_id FROM changed UNION
    SELECT p.merged_into_id FROM changed c JOIN participation_proposal p ON p.id = c.proposal_id
     WHERE p.merged_into_id IS NOT NULL);
BEGIN
  PERFORM FROM participation_proposal WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
  UPDATE participation_proposal p SET n_supports = p.n_supports + d.n
  FROM (SELECT proposal_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS n
          FROM changed GROUP BY proposal_id) d
  WHERE p.id = d.proposal_id
    AND NOT EXISTS (SELECT FROM participation_proposal m WHERE m.merged_into_id = p.id);
  ids := ARRAY(SELECT DISTINCT COALESCE(p.merged_into_id, p.id)
                 FROM changed c JOIN participation_proposal p ON p.id = c.proposal_id
                WHERE p.merged_into_id IS NOT NULL
                   OR EXISTS (SELECT FROM participation_proposal m WHERE m.merged_into_id = p.id));
  IF ids <> '{}' THEN
    PERFORM participation_count_supports_anew(ids);
  END IF;
  RETURN NULL;
END $$;
"""

MERGES = """
-- What is joined points at the root of its tree, in its own project. The target is locked shared: it cannot be joined
-- with something else meanwhile.
CREATE FUNCTION participation_merged_into_a_root() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.merged_into_id IS NOT NULL THEN
    PERFORM FROM participation_proposal
      WHERE id = NEW.merged_into_id AND project_id = NEW.project_id AND merged_into_id IS NULL FOR SHARE;
    IF NOT FOUND OR EXISTS (SELECT FROM participation_proposal WHERE merged_into_id = NEW.id) THEN
      RAISE EXCEPTION 'a proposal is joined with one of its project that was not joined itself'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'merged_into_a_root';
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER merged_into_a_root AFTER INSERT OR UPDATE OF merged_into_id, project_id ON participation_proposal
  FOR EACH ROW WHEN (NEW.merged_into_id IS NOT NULL) EXECUTE FUNCTION participation_merged_into_a_root();

CREATE FUNCTION participation_count_supports_merged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM participation_count_supports_anew(
    ARRAY(SELECT id FROM unnest(ARRAY[OLD.id, OLD.merged_into_id, NEW.merged_into_id]) AS t (id) WHERE id IS NOT NULL));
  RETURN NULL;
END $$;
CREATE TRIGGER count_supports_merged AFTER UPDATE OF merged_into_id ON participation_proposal
  FOR EACH ROW WHEN (NEW.merged_into_id IS DISTINCT FROM OLD.merged_into_id)
  EXECUTE FUNCTION participation_count_supports_merged();
"""

# A temporary table is found before any other of its name, so whoever makes one could show a trigger an empty box.
SEARCH_PATH = """
DO $$
DECLARE
  f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['participation_count_supports()', 'participation_count_supports_anew(bigint[])',
                           'participation_merged_into_a_root()', 'participation_count_supports_merged()'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
  END LOOP;
END $$;
"""

DROP = """
DROP TRIGGER count_supports_merged ON participation_proposal;
DROP FUNCTION participation_count_supports_merged();
DROP TRIGGER merged_into_a_root ON participation_proposal;
DROP FUNCTION participation_merged_into_a_root();
CREATE OR REPLACE FUNCTION participation_count_supports() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE participation_proposal p SET n_supports = p.n_supports + d.n
  FROM (SELECT proposal_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS n
          FROM changed GROUP BY proposal_id ORDER BY proposal_id) d
  WHERE p.id = d.proposal_id;
  RETURN NULL;
END $$;
DROP FUNCTION participation_count_supports_anew(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("participation", "0008_tiles"),
    ]

    operations = [
        migrations.RunSQL(
            FOLDED, "DROP FUNCTION participation_likeness(text, text); DROP FUNCTION participation_folded(text)"
        ),
        migrations.CreateModel(
            name="AnswerTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("text", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by_city", models.BooleanField(default=False)),
                ("text", models.TextField(max_length=2000)),
                ("language", models.CharField(default="nl", max_length=7)),
                (
                    "state",
                    models.CharField(
                        choices=[("submitted", "being checked"), ("published", "public"), ("hidden", "not shown")],
                        default="published",
                        max_length=10,
                    ),
                ),
                ("hidden_because", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["created_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Follow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wanted", models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name="Handling",
            fields=[
                (
                    "proposal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="handling",
                        serialize=False,
                        to="participation.proposal",
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), blank=True, default=list, size=None
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuthorMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=4000)),
                ("at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="MergedProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state_before",
                    models.CharField(
                        choices=[
                            ("submitted", "being checked"),
                            ("published", "public"),
                            ("hidden", "not shown"),
                            ("merged", "joined with another one"),
                        ],
                        max_length=10,
                    ),
                ),
                ("on_ballot_before", models.BooleanField(default=False)),
                ("n_supporters", models.PositiveIntegerField()),
                ("n_comments", models.PositiveIntegerField()),
                ("n_followers", models.PositiveIntegerField()),
                ("is_active", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=2000)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Photo",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("alt", models.CharField(max_length=200)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("insult", "It insults or threatens somebody"),
                            ("private", "It tells who somebody is or where they live"),
                            ("spam", "It is advertising, or has nothing to do with this"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=1000)),
                ("at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.AddField(
            model_name="proposal",
            name="comments_locked",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="proposal",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="merged",
                to="participation.proposal",
            ),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="state",
            field=models.CharField(
                choices=[
                    ("submitted", "being checked"),
                    ("published", "public"),
                    ("hidden", "not shown"),
                    ("merged", "joined with another one"),
                ],
                default="published",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(fields=["state", "created_at"], name="proposal_waiting"),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_into__isnull", False), ("state", "merged")),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="proposal_merged_says_where",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True),
                    models.Q(("merged_into", models.F("pk")), _negated=True),
                    _connector="OR",
                ),
                name="proposal_not_merged_into_itself",
            ),
        ),
        migrations.AddField(
            model_name="answertemplate",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="answer_templates",
                to="participation.organisation",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="author",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="comments",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="replies",
                to="participation.comment",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="participation.proposal"
            ),
        ),
        migrations.AddField(
            model_name="follow",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="follows", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="follow",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="follows", to="participation.proposal"
            ),
        ),
        migrations.AddField(
            model_name="handling",
            name="assignee",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="handlings",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="authormail",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="authormail",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="author_mails", to="participation.proposal"
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="merges", to="participation.project"
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="target",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="merges_into", to="participation.proposal"
            ),
        ),
        migrations.AddField(
            model_name="mergedproposal",
            name="merge",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="participation.merge"
            ),
        ),
        migrations.AddField(
            model_name="mergedproposal",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="merge_parts", to="participation.proposal"
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="author",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="participation.proposal"
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="draft",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="photos",
                to="participation.draft",
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="proposal",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="photos",
                to="participation.proposal",
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="comment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reports",
                to="participation.comment",
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reports",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="reports", to="participation.proposal"
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="settled_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="proposal",
            name="folded",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(models.F("title"), function="participation_folded"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddConstraint(
            model_name="answertemplate",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="answer_template_once"),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(fields=["proposal", "created_at"], name="comment_of_proposal"),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(condition=models.Q(("state", "submitted")), fields=["proposal"], name="comment_waiting"),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(fields=["author", "-created_at"], name="comment_of_author"),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="comment_has_a_text"
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "hidden"), _negated=True),
                    models.Q(("hidden_because", ""), _negated=True),
                    _connector="OR",
                ),
                name="comment_hidden_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="follow",
            constraint=models.UniqueConstraint(fields=("proposal", "person"), name="follow_once"),
        ),
        migrations.AddIndex(
            model_name="handling",
            index=django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="handling_tags"),
        ),
        migrations.AddConstraint(
            model_name="mergedproposal",
            constraint=models.UniqueConstraint(fields=("merge", "proposal"), name="merge_part_once"),
        ),
        migrations.AddConstraint(
            model_name="mergedproposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)), fields=("proposal",), name="merged_into_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("draft__isnull", False), ("proposal__isnull", True)),
                    models.Q(("draft__isnull", True), ("proposal__isnull", False)),
                    _connector="OR",
                ),
                name="photo_of_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(("alt", ""), _negated=True), name="photo_says_what_is_on_it"
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                condition=models.Q(("settled_at__isnull", True)), fields=["proposal"], name="report_open"
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["person", "-at"], name="report_of_person"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(
                condition=models.Q(("person__isnull", False)),
                fields=("proposal", "comment", "person"),
                name="report_once_a_person",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("folded", name="gin_trgm_ops"), name="proposal_alike"
            ),
        ),
        migrations.RunSQL(SUPPORTS + MERGES + SEARCH_PATH, DROP),
    ]
