"""What Django cannot say: composite keys that freeze the cap, append-only tables, frozen rules, true counts."""

from django.db import migrations

CAP_KEYS = """
ALTER TABLE participation_ballotcast
  ADD CONSTRAINT cast_cap_of_phase FOREIGN KEY (phase_id, cap) REFERENCES participation_phase (id, cap);
ALTER TABLE participation_vote
  ADD CONSTRAINT vote_cap_of_cast FOREIGN KEY (cast_id, cap) REFERENCES participation_ballotcast (id, cap);
"""

APPEND_ONLY = """
CREATE FUNCTION participation_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON participation_ballotcast
  FOR EACH ROW EXECUTE FUNCTION participation_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON participation_vote
  FOR EACH ROW EXECUTE FUNCTION participation_append_only();
-- Erasing a person empties the name of who acted and nothing else.
CREATE TRIGGER append_only BEFORE UPDATE ON participation_record
  FOR EACH ROW WHEN (
    ROW (NEW.organisation_id, NEW.project_id, NEW.act, NEW.subject, NEW.detail, NEW.at)
      IS DISTINCT FROM ROW (OLD.organisation_id, OLD.project_id, OLD.act, OLD.subject, OLD.detail, OLD.at)
    OR NEW.person_id IS NOT NULL
  ) EXECUTE FUNCTION participation_append_only();
CREATE TRIGGER append_only_delete BEFORE DELETE ON participation_record
  FOR EACH ROW EXECUTE FUNCTION participation_append_only();
"""

RULES_FROZEN = """
CREATE FUNCTION participation_phase_rules_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM participation_ballot WHERE phase_id = OLD.id) THEN
    RAISE EXCEPTION 'the rules of a vote are frozen once a ballot was cast'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'phase_rules_frozen';
  END IF;
  RETURN NEW;
END $$;
-- The closing time may only move forward: nobody's vote comes too late by surprise.
CREATE TRIGGER phase_rules_frozen BEFORE UPDATE ON participation_phase FOR EACH ROW WHEN (
    ROW (NEW.project_id, NEW.kind, NEW.opens_at, NEW.method, NEW.rule, NEW.cap, NEW.floor, NEW.points,
         NEW.points_max, NEW.budget_cents, NEW.cap_per_area, NEW.cap_per_theme, NEW.n_winners, NEW.one_per_area,
         NEW.eligibility, NEW.min_age, NEW.takes_paper, NEW.n_eligible, NEW.write_ins, NEW.write_ins_join,
         NEW.hides_tally)
      IS DISTINCT FROM ROW (OLD.project_id, OLD.kind, OLD.opens_at, OLD.method, OLD.rule, OLD.cap, OLD.floor, OLD.points,
         OLD.points_max, OLD.budget_cents, OLD.cap_per_area, OLD.cap_per_theme, OLD.n_winners, OLD.one_per_area,
         OLD.eligibility, OLD.min_age, OLD.takes_paper, OLD.n_eligible, OLD.write_ins, OLD.write_ins_join,
         OLD.hides_tally)
    OR NEW.closes_at < OLD.closes_at OR (NEW.closes_at IS NOT NULL AND OLD.closes_at IS NULL)
  ) EXECUTE FUNCTION participation_phase_rules_frozen();
"""

VOTES_WITHIN_LIMITS = """
CREATE FUNCTION participation_votes_within_limits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- All votes of the casts touched, not only the new ones: nothing can be added to a cast afterwards either.
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT cast_id FROM added) t
      JOIN participation_ballotcast c ON c.id = t.cast_id
      JOIN participation_phase f ON f.id = c.phase_id
      CROSS JOIN LATERAL (
        SELECT sum(v.value) AS given, max(v.value) AS most, sum(p.cost_cents) AS spent
          FROM participation_vote v JOIN participation_proposal p ON p.id = v.proposal_id
         WHERE v.cast_id = c.id) sums
      CROSS JOIN LATERAL (
        SELECT COALESCE(max(n), 0) AS most FROM (
          SELECT count(*) AS n FROM participation_vote v JOIN participation_proposal p ON p.id = v.proposal_id
           WHERE v.cast_id = c.id AND p.area_id IS NOT NULL GROUP BY p.area_id) a) areas
      CROSS JOIN LATERAL (
        SELECT COALESCE(max(n), 0) AS most FROM (
          SELECT count(*) AS n FROM participation_vote v JOIN participation_proposal p ON p.id = v.proposal_id
           WHERE v.cast_id = c.id AND p.theme_id IS NOT NULL GROUP BY p.theme_id) a) themes
     WHERE CASE f.method
             WHEN 'points' THEN sums.given > f.points OR sums.most > f.points_max
             WHEN 'budget' THEN sums.spent > f.budget_cents OR sums.most > 1
             ELSE sums.most > 1 END
        OR areas.most > f.cap_per_area OR themes.most > f.cap_per_theme
  ) THEN
    RAISE EXCEPTION 'a ballot goes over a limit of its phase'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'votes_within_limits';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER votes_within_limits AFTER INSERT ON participation_vote
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION participation_votes_within_limits();

-- What an option costs is part of the rules it was voted under.
CREATE FUNCTION participation_cost_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM participation_vote WHERE proposal_id = OLD.id) THEN
    RAISE EXCEPTION 'the cost of an option is frozen once it was voted for'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'cost_frozen';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER cost_frozen BEFORE UPDATE OF cost_cents ON participation_proposal
  FOR EACH ROW WHEN (NEW.cost_cents IS DISTINCT FROM OLD.cost_cents) EXECUTE FUNCTION participation_cost_frozen();
"""

SUPPORT_COUNTS = """
CREATE FUNCTION participation_count_supports() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE participation_proposal p SET n_supports = p.n_supports + d.n
  FROM (SELECT proposal_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS n
          FROM changed GROUP BY proposal_id ORDER BY proposal_id) d
  WHERE p.id = d.proposal_id;
  RETURN NULL;
END $$;
-- One trigger an event: a statement trigger with a transition table may watch only one.
CREATE TRIGGER count_supports_in AFTER INSERT ON participation_support
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_count_supports();
CREATE TRIGGER count_supports_out AFTER DELETE ON participation_support
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_count_supports();
"""

REVISIONS = """
CREATE FUNCTION participation_touch_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE participation_project SET revision = revision + 1
   WHERE id IN (SELECT project_id FROM changed);
  RETURN NULL;
END $$;
CREATE TRIGGER touch_project_in AFTER INSERT ON participation_proposal
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_touch_project();
CREATE TRIGGER touch_project_change AFTER UPDATE ON participation_proposal
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_touch_project();
CREATE TRIGGER touch_project_out AFTER DELETE ON participation_proposal
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_touch_project();

CREATE FUNCTION participation_touch_organisation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE participation_organisation SET revision = revision + 1
   WHERE id IN (SELECT organisation_id FROM changed);
  RETURN NULL;
END $$;
CREATE TRIGGER touch_organisation_in AFTER INSERT ON participation_area
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_touch_organisation();
CREATE TRIGGER touch_organisation_change AFTER UPDATE ON participation_area
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_touch_organisation();
CREATE TRIGGER touch_organisation_out AFTER DELETE ON participation_area
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION participation_touch_organisation();
"""

DROP = """
DROP TRIGGER touch_organisation_in ON participation_area;
DROP TRIGGER touch_organisation_change ON participation_area;
DROP TRIGGER touch_organisation_out ON participation_area;
DROP FUNCTION participation_touch_organisation();
DROP TRIGGER touch_project_in ON participation_proposal;
DROP TRIGGER touch_project_change ON participation_proposal;
DROP TRIGGER touch_project_out ON participation_proposal;
DROP FUNCTION participation_touch_project();
DROP TRIGGER votes_within_limits ON participation_vote;
DROP FUNCTION participation_votes_within_limits();
DROP TRIGGER cost_frozen ON participation_proposal;
DROP FUNCTION participation_cost_frozen();
DROP TRIGGER count_supports_in ON participation_support;
DROP TRIGGER count_supports_out ON participation_support;
DROP FUNCTION participation_count_supports();
DROP TRIGGER phase_rules_frozen ON participation_phase;
DROP FUNCTION participation_phase_rules_frozen();
DROP TRIGGER append_only ON participation_ballotcast;
DROP TRIGGER append_only ON participation_vote;
DROP TRIGGER append_only ON participation_record;
DROP TRIGGER append_only_delete ON participation_record;
DROP FUNCTION participation_append_only();
ALTER TABLE participation_vote DROP CONSTRAINT vote_cap_of_cast;
ALTER TABLE participation_ballotcast DROP CONSTRAINT cast_cap_of_phase;
"""


class Migration(migrations.Migration):
    dependencies = [("participation", "0001_tables")]
    operations = [
        migrations.RunSQL(
            CAP_KEYS + APPEND_ONLY + RULES_FROZEN + VOTES_WITHIN_LIMITS + SUPPORT_COUNTS + REVISIONS, DROP
        ),
    ]
