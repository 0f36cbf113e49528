"""What Django cannot say: composite keys that freeze the cap, append-only tables, frozen rules and options, true counts."""

from django.db import migrations

from participation.queries import sql

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
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON participation_tallyrow
  FOR EACH ROW EXECUTE FUNCTION participation_append_only();
"""

# Whoever casts holds this lock shared, whoever counts or changes the rules alone (participation/queries/voting.py).
BALLOTS = """
CREATE FUNCTION participation_has_ballots(of_phase bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM participation_ballot WHERE phase_id = of_phase) THEN
    RETURN true;
  END IF;
  -- A first ballot may be under way, unseen until it commits: who holds the lock shared is casting one. Waiting for it
  -- while holding the phase's row could end in a deadlock. Whoever else changes something waits in front.
  PERFORM pg_advisory_xact_lock(1265198452, of_phase::int);
  FOR attempt IN 1..250 LOOP
    IF pg_try_advisory_xact_lock(1265198451, of_phase::int) THEN
      RETURN EXISTS (SELECT FROM participation_ballot WHERE phase_id = of_phase);
    END IF;
    EXIT WHEN EXISTS (
      SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
       WHERE l.locktype = 'advisory' AND l.classid = 1265198451::oid AND l.objid = of_phase::oid
         AND l.mode = 'ShareLock' AND l.granted);
    -- Held alone, it belongs to a change that is ending, for locks are let go of one by one; or votes are counted.
    PERFORM pg_sleep(0.001);
  END LOOP;
  RETURN true;
END $$;

-- A ballot stays with its person while it counts: who could let go of it could vote a second time. It loses its
-- person when it is empty, or when the votes were counted (erasing a person).
CREATE FUNCTION participation_ballot_keeps_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF ROW (NEW.id, NEW.phase_id, NEW.tag) = ROW (OLD.id, OLD.phase_id, OLD.tag) AND (CASE
    -- Who voted by letter or on paper alone has no account: it turns out to be somebody's, and the ballot goes along.
    WHEN NEW.person_id IS NOT NULL THEN
      EXISTS (SELECT FROM participation_person WHERE id = OLD.person_id AND email IS NULL)
    ELSE EXISTS (SELECT FROM participation_phase WHERE id = OLD.phase_id AND closed_at IS NOT NULL)
    OR NOT EXISTS (
      SELECT FROM participation_vote v WHERE v.cast_id = (
        SELECT id FROM participation_ballotcast c WHERE c.ballot_id = OLD.id ORDER BY seq DESC LIMIT 1))
  END) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a ballot that counts stays with its person'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ballot_keeps_person';
END $$;
CREATE TRIGGER ballot_keeps_person BEFORE UPDATE ON participation_ballot
  FOR EACH ROW WHEN (NEW.* IS DISTINCT FROM OLD.*) EXECUTE FUNCTION participation_ballot_keeps_person();
"""

RULES_FROZEN = """
CREATE FUNCTION participation_phase_rules_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.closed_at IS NOT NULL OR participation_has_ballots(OLD.id) THEN
    RAISE EXCEPTION 'the rules of a vote are frozen once a ballot was cast'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'phase_rules_frozen';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER phase_rules_frozen BEFORE UPDATE ON participation_phase FOR EACH ROW WHEN (
    ROW (NEW.project_id, NEW.kind, NEW.opens_at, NEW.method, NEW.rule, NEW.cap, NEW.floor, NEW.points,
         NEW.points_max, NEW.budget_cents, NEW.cap_per_area, NEW.cap_per_theme, NEW.n_winners, NEW.one_per_area,
         NEW.eligibility, NEW.min_age, NEW.takes_paper, NEW.n_eligible, NEW.write_ins, NEW.write_ins_join,
         NEW.hides_tally)
      IS DISTINCT FROM ROW (OLD.project_id, OLD.kind, OLD.opens_at, OLD.method, OLD.rule, OLD.cap, OLD.floor, OLD.points,
         OLD.points_max, OLD.budget_cents, OLD.cap_per_area, OLD.cap_per_theme, OLD.n_winners, OLD.one_per_area,
         OLD.eligibility, OLD.min_age, OLD.takes_paper, OLD.n_eligible, OLD.write_ins, OLD.write_ins_join,
         OLD.hides_tally)
  ) EXECUTE FUNCTION participation_phase_rules_frozen();

-- The closing time moves only forward, only while the vote runs, and only to what two officers agreed on
-- (participation/services/closing.py); a vote without an end gets one a day ahead, so that nobody comes too late.
CREATE FUNCTION participation_closing_by_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.closed_at IS NULL AND NOT participation_has_ballots(OLD.id) THEN
    RETURN NEW;
  END IF;
  -- The moment of agreeing decides, not this one: between the two lie the microseconds in which a vote may end.
  IF OLD.closed_at IS NOT NULL OR NOT EXISTS (
    SELECT FROM participation_extension
     WHERE phase_id = OLD.id AND closes_at = NEW.closes_at AND agreed_at BETWEEN now() AND clock_timestamp()
       AND CASE WHEN OLD.closes_at IS NULL THEN NEW.closes_at > agreed_at + interval '24 hours'
                ELSE NEW.closes_at > OLD.closes_at AND agreed_at < OLD.closes_at END
  ) THEN
    RAISE EXCEPTION 'a later closing time needs two officers'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'closing_by_two';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER closing_by_two BEFORE UPDATE OF closes_at ON participation_phase
  FOR EACH ROW WHEN (NEW.closes_at IS DISTINCT FROM OLD.closes_at) EXECUTE FUNCTION participation_closing_by_two();

-- What was asked stays as it was asked, what was agreed as it was agreed.
CREATE FUNCTION participation_extension_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an extension is agreed to or not, and never changed'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'extension_kept';
END $$;
CREATE TRIGGER extension_kept BEFORE UPDATE ON participation_extension FOR EACH ROW WHEN (
    OLD.agreed_at IS NOT NULL
    OR ROW (NEW.id, NEW.phase_id, NEW.closes_at, NEW.reason, NEW.asked_by_id, NEW.asked_at)
      IS DISTINCT FROM ROW (OLD.id, OLD.phase_id, OLD.closes_at, OLD.reason, OLD.asked_by_id, OLD.asked_at)
  ) EXECUTE FUNCTION participation_extension_kept();

-- A vote is counted once, when its time is over, and its tally is written then and at no other time.
CREATE FUNCTION participation_counted_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.closed_at IS NULL AND OLD.closes_at <= NEW.closed_at AND NEW.closed_at <= clock_timestamp() THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a vote is counted once, when its time is over'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'counted_once';
END $$;
CREATE TRIGGER counted_once BEFORE UPDATE OF closed_at ON participation_phase
  FOR EACH ROW WHEN (NEW.closed_at IS DISTINCT FROM OLD.closed_at) EXECUTE FUNCTION participation_counted_once();

CREATE FUNCTION participation_tally_at_the_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT phase_id FROM added) t JOIN participation_phase f ON f.id = t.phase_id
              WHERE f.closed_at IS NOT NULL OR f.closes_at IS NULL OR f.closes_at > clock_timestamp()) THEN
    RAISE EXCEPTION 'a tally is written when the vote is counted'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'tally_at_the_close';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tally_at_the_close AFTER INSERT ON participation_tallyrow
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION participation_tally_at_the_close();
"""

CAST_WHILE_OPEN = """
-- participation_cast asks all this before it writes; here it holds for every other hand as well.
CREATE FUNCTION participation_cast_while_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1265198451, NEW.phase_id::int);
  IF NOT EXISTS (
    SELECT FROM participation_phase f JOIN participation_ballot b ON b.phase_id = f.id
     WHERE f.id = NEW.phase_id AND b.id = NEW.ballot_id AND f.kind = 'vote' AND f.closed_at IS NULL
       AND f.opens_at <= NEW.recorded_at AND (f.closes_at IS NULL OR NEW.recorded_at < f.closes_at)
       AND NEW.recorded_at <= clock_timestamp()
       -- Only the owner of the tables can write down the past: the elections of the demo.
       AND (NEW.recorded_at >= now()
            OR pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER'))
  ) THEN
    RAISE EXCEPTION 'a ballot is cast while its vote is open'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'cast_while_open';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER cast_while_open BEFORE INSERT ON participation_ballotcast
  FOR EACH ROW EXECUTE FUNCTION participation_cast_while_open();

-- Votes come with their cast, in one transaction: a ballot in the box is whole. The xmin of a row is what wrote it;
-- its upper half is that of the newest transaction, or one less.
CREATE FUNCTION participation_votes_with_their_cast() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  newest numeric := pg_current_xact_id()::text::numeric;
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT cast_id FROM added) t
      JOIN participation_ballotcast c ON c.id = t.cast_id
      CROSS JOIN LATERAL (SELECT newest - mod(newest - c.xmin::text::numeric, 4294967296) AS xid) w
     WHERE pg_xact_status(CASE WHEN w.xid < 3 THEN 3 ELSE w.xid END::text::xid8) IS DISTINCT FROM 'in progress'
  ) THEN
    RAISE EXCEPTION 'votes come with their cast, not afterwards'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'votes_with_their_cast';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER votes_with_their_cast AFTER INSERT ON participation_vote
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION participation_votes_with_their_cast();

CREATE FUNCTION participation_votes_for_options() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added v
      JOIN participation_ballotcast c ON c.id = v.cast_id
      JOIN participation_phase f ON f.id = c.phase_id
      JOIN participation_proposal p ON p.id = v.proposal_id
     WHERE p.project_id <> f.project_id OR NOT p.on_ballot
  ) THEN
    RAISE EXCEPTION 'a vote goes to an option of its ballot'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'votes_for_options';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER votes_for_options AFTER INSERT ON participation_vote
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION participation_votes_for_options();
"""

VOTES_WITHIN_LIMITS = """
CREATE FUNCTION participation_votes_within_limits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- All votes of the casts touched, not only the new ones: nothing can be added to a cast afterwards either.
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT cast_id FROM added) t
      JOIN participation_ballotcast c ON c.id = t.cast_id
      JOIN participation_phase f ON f.id = c.phase_id
     -- Each limit is asked only where the phase has it: most have none but the first.
     WHERE EXISTS (
             SELECT FROM participation_vote v
              WHERE v.cast_id = c.id AND v.value > CASE f.method WHEN 'points' THEN f.points_max ELSE 1 END)
        OR CASE f.method
             WHEN 'points' THEN
               (SELECT sum(v.value) FROM participation_vote v WHERE v.cast_id = c.id) > f.points
             WHEN 'budget' THEN
               (SELECT sum(p.cost_cents) FROM participation_vote v JOIN participation_proposal p ON p.id = v.proposal_id
                 WHERE v.cast_id = c.id) > f.budget_cents
             ELSE false END
        OR CASE WHEN f.cap_per_area IS NULL THEN false ELSE EXISTS (
             SELECT FROM participation_vote v JOIN participation_proposal p ON p.id = v.proposal_id
              WHERE v.cast_id = c.id AND p.area_id IS NOT NULL GROUP BY p.area_id HAVING count(*) > f.cap_per_area)
           END
        OR CASE WHEN f.cap_per_theme IS NULL THEN false ELSE EXISTS (
             SELECT FROM participation_vote v JOIN participation_proposal p ON p.id = v.proposal_id
              WHERE v.cast_id = c.id AND p.theme_id IS NOT NULL GROUP BY p.theme_id HAVING count(*) > f.cap_per_theme)
           END
  ) THEN
    RAISE EXCEPTION 'a ballot goes over a limit of its phase'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'votes_within_limits';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER votes_within_limits AFTER INSERT ON participation_vote
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION participation_votes_within_limits();
"""

OPTIONS_FROZEN = """
-- Which votes of a project have a ballot in the box, so that their options mean what they meant.
CREATE FUNCTION participation_voted(of_project bigint) RETURNS SETOF participation_phase LANGUAGE sql VOLATILE AS $$
  SELECT * FROM participation_phase
   WHERE project_id = of_project AND kind = 'vote' AND (closed_at IS NOT NULL OR participation_has_ballots(id))
$$;

-- What an option says, where it lies and what it costs is what people voted for. Its neighbourhood and theme are
-- so only where a limit or the outcome depends on them.
CREATE FUNCTION participation_option_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  fixed boolean := TG_OP = 'DELETE';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    fixed := ROW (NEW.project_id, NEW.number, NEW.title, NEW.body, NEW.point::bytea, NEW.cost_cents)
      IS DISTINCT FROM ROW (OLD.project_id, OLD.number, OLD.title, OLD.body, OLD.point::bytea, OLD.cost_cents);
  END IF;
  IF EXISTS (
    SELECT FROM participation_voted(OLD.project_id) f WHERE fixed
        OR (NEW.area_id IS DISTINCT FROM OLD.area_id AND (f.cap_per_area IS NOT NULL OR f.one_per_area))
        OR (NEW.theme_id IS DISTINCT FROM OLD.theme_id AND f.cap_per_theme IS NOT NULL)
  ) THEN
    RAISE EXCEPTION 'an option is frozen once people voted on it'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'option_frozen';
  END IF;
  RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER option_frozen BEFORE UPDATE ON participation_proposal FOR EACH ROW WHEN (OLD.on_ballot AND (
    ROW (NEW.project_id, NEW.number, NEW.title, NEW.body, NEW.point::bytea, NEW.cost_cents, NEW.area_id, NEW.theme_id)
      IS DISTINCT FROM ROW (OLD.project_id, OLD.number, OLD.title, OLD.body, OLD.point::bytea, OLD.cost_cents, OLD.area_id, OLD.theme_id)
  )) EXECUTE FUNCTION participation_option_frozen();
CREATE TRIGGER option_frozen_delete BEFORE DELETE ON participation_proposal FOR EACH ROW WHEN (OLD.on_ballot)
  EXECUTE FUNCTION participation_option_frozen();

-- An option joins a ballot that people voted on only where the rules said so beforehand and the vote still runs;
-- it leaves only by being hidden with a reason.
CREATE FUNCTION participation_list_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (CASE WHEN NEW.on_ballot
       THEN EXISTS (SELECT FROM participation_voted(NEW.project_id) f WHERE NOT f.write_ins_join
                       OR f.closed_at IS NOT NULL OR f.closes_at <= clock_timestamp())
       ELSE (NEW.state <> 'hidden' OR NEW.hidden_because = '') AND EXISTS (SELECT FROM participation_voted(OLD.project_id))
     END) THEN
    RAISE EXCEPTION 'the list of a ballot is frozen once people voted on it'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'list_frozen';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER list_frozen BEFORE UPDATE OF on_ballot ON participation_proposal
  FOR EACH ROW WHEN (NEW.on_ballot IS DISTINCT FROM OLD.on_ballot) EXECUTE FUNCTION participation_list_frozen();
CREATE TRIGGER list_frozen_join BEFORE INSERT ON participation_proposal
  FOR EACH ROW WHEN (NEW.on_ballot) EXECUTE FUNCTION participation_list_frozen();
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

# A temporary table is found before any other of its name, so whoever makes one could show a trigger an empty box.
SEARCH_PATH = """
DO $$
DECLARE
  f regprocedure;
BEGIN
  FOR f IN SELECT oid FROM pg_proc
            WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'participation\\_%' LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', f, current_schema());
  END LOOP;
END $$;
"""

DROP = """
DROP FUNCTION participation_cast(bigint, bigint, int[], int[], uuid, text, bigint, boolean, text);
DROP TRIGGER touch_organisation_in ON participation_area;
DROP TRIGGER touch_organisation_change ON participation_area;
DROP TRIGGER touch_organisation_out ON participation_area;
DROP FUNCTION participation_touch_organisation();
DROP TRIGGER touch_project_in ON participation_proposal;
DROP TRIGGER touch_project_change ON participation_proposal;
DROP TRIGGER touch_project_out ON participation_proposal;
DROP FUNCTION participation_touch_project();
DROP TRIGGER list_frozen ON participation_proposal;
DROP TRIGGER list_frozen_join ON participation_proposal;
DROP FUNCTION participation_list_frozen();
DROP TRIGGER option_frozen ON participation_proposal;
DROP TRIGGER option_frozen_delete ON participation_proposal;
DROP FUNCTION participation_option_frozen();
DROP FUNCTION participation_voted(bigint);
DROP TRIGGER votes_within_limits ON participation_vote;
DROP FUNCTION participation_votes_within_limits();
DROP TRIGGER votes_for_options ON participation_vote;
DROP FUNCTION participation_votes_for_options();
DROP TRIGGER votes_with_their_cast ON participation_vote;
DROP FUNCTION participation_votes_with_their_cast();
DROP TRIGGER cast_while_open ON participation_ballotcast;
DROP FUNCTION participation_cast_while_open();
DROP TRIGGER count_supports_in ON participation_support;
DROP TRIGGER count_supports_out ON participation_support;
DROP FUNCTION participation_count_supports();
DROP TRIGGER phase_rules_frozen ON participation_phase;
DROP FUNCTION participation_phase_rules_frozen();
DROP TRIGGER closing_by_two ON participation_phase;
DROP FUNCTION participation_closing_by_two();
DROP TRIGGER extension_kept ON participation_extension;
DROP FUNCTION participation_extension_kept();
DROP TRIGGER counted_once ON participation_phase;
DROP FUNCTION participation_counted_once();
DROP TRIGGER tally_at_the_close ON participation_tallyrow;
DROP FUNCTION participation_tally_at_the_close();
DROP TRIGGER ballot_keeps_person ON participation_ballot;
DROP FUNCTION participation_ballot_keeps_person();
DROP FUNCTION participation_has_ballots(bigint);
DROP TRIGGER append_only ON participation_ballotcast;
DROP TRIGGER append_only ON participation_vote;
DROP TRIGGER append_only ON participation_record;
DROP TRIGGER append_only_delete ON participation_record;
DROP TRIGGER append_only ON participation_tallyrow;
DROP FUNCTION participation_append_only();
ALTER TABLE participation_vote DROP CONSTRAINT vote_cap_of_cast;
ALTER TABLE participation_ballotcast DROP CONSTRAINT cast_cap_of_phase;
"""


class Migration(migrations.Migration):
    dependencies = [("participation", "0001_tables")]
    operations = [
        migrations.RunSQL(
            CAP_KEYS
            + APPEND_ONLY
            + BALLOTS
            + RULES_FROZEN
            + CAST_WHILE_OPEN
            + VOTES_WITHIN_LIMITS
            + OPTIONS_FROZEN
            + SUPPORT_COUNTS
            + REVISIONS
            + sql("cast")
            + SEARCH_PATH,
            DROP,
        ),
    ]
