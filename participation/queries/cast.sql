-- Cast a whole ballot, if the phase is open, the voter may vote and every choice is on the ballot.
-- source   participation_phase, _ballot, _ballotcast, _vote, _proposal; _person, _membership, _votingcode
-- params   of_phase, of_person, chosen_numbers (int[] in order of choice), chosen_values (int[], their points),
--          with_nonce, by_channel (web or paper), by_clerk (person or null), said_of_age, town_zone (of the town's days)
-- returns  one row: is_open (null where there is no such vote), has_opened, may_vote, cap, floor, good and values
--          (int[] of the choices that are on the ballot; for a nonce that was cast before, of what was cast then), seq
--          and recorded_at of the cast (null when nothing was written), replayed
-- locks    pg_advisory_xact_lock_shared(phase), then the ballot's row: each by a statement of its own, for each
--          statement of a volatile function has a snapshot of its own, and one that waited has an old one
--          (tests/drills/test_closing.py, test_ballot_race.py)
-- index    phase, person and project pk, membership_once, code_once_a_person, ballot_once,
--          proposal_number_once, cast_seq_once, cast_nonce_once
-- A function, so that a cast is one question to the database instead of five; created by migration 0002.
CREATE FUNCTION participation_cast(
  of_phase bigint, of_person bigint, chosen_numbers int[], chosen_values int[], with_nonce uuid, by_channel text,
  by_clerk bigint, said_of_age boolean, town_zone text,
  OUT is_open boolean, OUT has_opened boolean, OUT may_vote boolean, OUT cap int, OUT floor int, OUT good int[],
  OUT "values" int[], OUT seq int, OUT recorded_at timestamptz, OUT replayed boolean
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1265198451, of_phase::int);
  BEGIN
    -- The upsert's only use is its row lock: two casts of one person queue here, so that the next statement sees the
    -- sequence number of the one before. It sets what it finds, and that in the one column of a ballot which the
    -- server's role may write (participation/queries/web_role.py).
    INSERT INTO participation_ballot (phase_id, person_id, tag) VALUES (of_phase, of_person, gen_random_uuid())
    ON CONFLICT (phase_id, person_id) DO UPDATE SET person_id = EXCLUDED.person_id;
    WITH moment AS MATERIALIZED (
      -- clock_timestamp(), not now(): now() stands still at BEGIN, before the lock was waited for. Read once: what
      -- decides is what is recorded, so that no cast bears a time after the close (tests/drills/test_closing.py).
      SELECT clock_timestamp() AS at
    ), phase AS (
      SELECT id, project_id, cap, floor, eligibility, min_age, takes_paper, moment.at,
             opens_at <= moment.at AS has_opened,
             opens_at <= moment.at AND (closes_at IS NULL OR moment.at < closes_at) AND closed_at IS NULL AS is_open
        FROM participation_phase, moment
       WHERE id = of_phase AND kind = 'vote'
    ), voter AS (
      -- The same as rules.electorate.check_voter, at the moment of the cast and in its snapshot.
      SELECT (by_channel <> 'paper' OR takes_paper)
         AND CASE eligibility
               WHEN 'mail' THEN by_channel = 'paper'
                 OR EXISTS (SELECT FROM participation_person p WHERE p.id = of_person AND p.email IS NOT NULL)
               WHEN 'verified' THEN EXISTS (
                 SELECT FROM participation_membership m JOIN participation_project r ON r.organisation_id = m.organisation_id
                  WHERE m.person_id = of_person AND r.id = phase.project_id AND m.verified_at IS NOT NULL)
               ELSE EXISTS (
                 SELECT FROM participation_votingcode c WHERE c.phase_id = phase.id AND c.person_id = of_person)
             END
         AND CASE WHEN min_age IS NULL THEN true
               ELSE COALESCE((
                 SELECT extract(year FROM age((phase.at AT TIME ZONE town_zone)::date, m.born_on)) >= min_age
                   FROM participation_membership m JOIN participation_project r ON r.organisation_id = m.organisation_id
                  WHERE m.person_id = of_person AND r.id = phase.project_id), said_of_age)
             END AS may_vote
        FROM phase
    ), ballot AS (
      SELECT id FROM participation_ballot WHERE phase_id = of_phase AND person_id = of_person
    ), earlier AS (
      SELECT c.id, c.seq, c.recorded_at FROM participation_ballotcast c JOIN ballot b ON b.id = c.ballot_id
       WHERE c.nonce = with_nonce
    ), chosen AS (
      SELECT n.number, n.value, n.position, p.id
        FROM unnest(chosen_numbers, chosen_values) WITH ORDINALITY AS n (number, value, position)
        JOIN participation_proposal p ON p.number = n.number
         AND p.project_id = (SELECT project_id FROM phase) AND p.on_ballot AND p.state = 'published'
    ), written AS (
      INSERT INTO participation_ballotcast (ballot_id, phase_id, cap, seq, nonce, recorded_at, channel, clerk_id)
      SELECT ballot.id, phase.id, phase.cap,
             1 + COALESCE((SELECT max(seq) FROM participation_ballotcast c WHERE c.ballot_id = ballot.id), 0),
             with_nonce, phase.at,
             CASE WHEN by_channel = 'web' AND phase.eligibility = 'code' THEN 'code' ELSE by_channel END,
             by_clerk
        FROM phase, voter, ballot
       WHERE phase.is_open
         -- What somebody cast can always be taken back.
         AND (voter.may_vote OR cardinality(chosen_numbers) = 0
              AND EXISTS (SELECT FROM participation_ballotcast c WHERE c.ballot_id = ballot.id))
         AND NOT EXISTS (SELECT FROM earlier)
         AND (SELECT count(*) FROM chosen) = cardinality(chosen_numbers)
         AND (cardinality(chosen_numbers) = 0
              OR cardinality(chosen_numbers) BETWEEN phase.floor AND phase.cap)
      RETURNING id, cap, seq, recorded_at
    ), votes AS (
      INSERT INTO participation_vote (cast_id, cap, position, proposal_id, value)
      SELECT written.id, written.cap, chosen.position, chosen.id, chosen.value FROM written, chosen
    )
    SELECT phase.is_open, phase.has_opened, voter.may_vote, phase.cap, phase.floor,
           CASE WHEN earlier.id IS NULL THEN ARRAY(SELECT number FROM chosen ORDER BY position)
                ELSE ARRAY(SELECT p.number FROM participation_vote v JOIN participation_proposal p ON p.id = v.proposal_id
                            WHERE v.cast_id = earlier.id ORDER BY v.position) END AS good,
           CASE WHEN earlier.id IS NULL THEN ARRAY(SELECT value FROM chosen ORDER BY position)
                ELSE ARRAY(SELECT v.value FROM participation_vote v
                            WHERE v.cast_id = earlier.id ORDER BY v.position) END AS values,
           COALESCE(written.seq, earlier.seq) AS seq,
           COALESCE(written.recorded_at, earlier.recorded_at) AS recorded_at,
           earlier.seq IS NOT NULL AS replayed
      INTO is_open, has_opened, may_vote, cap, floor, good, "values", seq, recorded_at, replayed
      FROM phase CROSS JOIN voter LEFT JOIN written ON true LEFT JOIN earlier ON true;
    IF seq IS NULL THEN
      -- A refused first cast must not leave an empty ballot behind. What was found out stays in the answer.
      RAISE SQLSTATE 'KP000';
    END IF;
  EXCEPTION WHEN SQLSTATE 'KP000' THEN
    NULL;
  END;
END $$;
