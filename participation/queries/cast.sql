-- Cast a whole ballot, if the phase is open, the voter may vote and every choice is on the ballot.
-- source   participation_phase, _ballot, _ballotcast, _vote, _proposal; _person, _membership, _votingcode
-- params   phase, person, nonce (uuid), channel (web or paper), clerk (person or null), of_age (said so), zone (of the
--          town's days), numbers (int[] in order of choice), values (int[], their points)
-- returns  one row: is_open, has_opened, may_vote, cap, floor, good and values (int[] of the choices that are on the
--          ballot; for a nonce that was cast before, of what was cast then), seq and recorded_at of the cast (null when
--          nothing was written), replayed
-- locks    the caller holds pg_advisory_xact_lock_shared(phase) and the ballot's row, each by a statement of its own
-- index    phase, person and project pk, membership_once, code_once_a_person, ballot_once,
--          proposal_number_once, cast_seq_once, cast_nonce_once
WITH moment AS MATERIALIZED (
  -- clock_timestamp(), not now(): now() stands still at BEGIN, before the lock was waited for. Read once: what
  -- decides is what is recorded, so that no cast bears a time after the close (tests/drills/test_closing.py).
  SELECT clock_timestamp() AS at
), phase AS (
  SELECT id, project_id, cap, floor, eligibility, min_age, takes_paper, moment.at,
         opens_at <= moment.at AS has_opened,
         opens_at <= moment.at AND (closes_at IS NULL OR moment.at < closes_at) AND closed_at IS NULL AS is_open
    FROM participation_phase, moment
   WHERE id = %(phase)s AND kind = 'vote'
), voter AS (
  -- The same as rules.electorate.check_voter, at the moment of the cast and in its snapshot.
  SELECT (%(channel)s::text <> 'paper' OR takes_paper)
     AND CASE eligibility
           WHEN 'mail' THEN %(channel)s::text = 'paper'
             OR EXISTS (SELECT FROM participation_person p WHERE p.id = %(person)s AND p.email IS NOT NULL)
           WHEN 'verified' THEN EXISTS (
             SELECT FROM participation_membership m JOIN participation_project r ON r.organisation_id = m.organisation_id
              WHERE m.person_id = %(person)s AND r.id = phase.project_id AND m.verified_at IS NOT NULL)
           ELSE EXISTS (
             SELECT FROM participation_votingcode c WHERE c.phase_id = phase.id AND c.person_id = %(person)s)
         END
     AND CASE WHEN min_age IS NULL THEN true
           ELSE COALESCE((
             SELECT extract(year FROM age((phase.at AT TIME ZONE %(zone)s::text)::date, m.born_on)) >= min_age
               FROM participation_membership m JOIN participation_project r ON r.organisation_id = m.organisation_id
              WHERE m.person_id = %(person)s AND r.id = phase.project_id), %(of_age)s::boolean)
         END AS may_vote
    FROM phase
), ballot AS (
  SELECT id FROM participation_ballot WHERE phase_id = %(phase)s AND person_id = %(person)s
), earlier AS (
  SELECT c.id, c.seq, c.recorded_at FROM participation_ballotcast c JOIN ballot b ON b.id = c.ballot_id
   WHERE c.nonce = %(nonce)s
), chosen AS (
  SELECT n.number, n.value, n.position, p.id
    FROM unnest(%(numbers)s::int[], %(values)s::int[]) WITH ORDINALITY AS n (number, value, position)
    JOIN participation_proposal p ON p.number = n.number
     AND p.project_id = (SELECT project_id FROM phase) AND p.on_ballot AND p.state = 'published'
), written AS (
  INSERT INTO participation_ballotcast (ballot_id, phase_id, cap, seq, nonce, recorded_at, channel, clerk_id)
  SELECT ballot.id, phase.id, phase.cap,
         1 + COALESCE((SELECT max(seq) FROM participation_ballotcast c WHERE c.ballot_id = ballot.id), 0),
         %(nonce)s, phase.at,
         CASE WHEN %(channel)s::text = 'web' AND phase.eligibility = 'code' THEN 'code' ELSE %(channel)s::text END,
         %(clerk)s
    FROM phase, voter, ballot
   WHERE phase.is_open
     -- What somebody cast can always be taken back.
     AND (voter.may_vote OR cardinality(%(numbers)s::int[]) = 0
          AND EXISTS (SELECT FROM participation_ballotcast c WHERE c.ballot_id = ballot.id))
     AND NOT EXISTS (SELECT FROM earlier)
     AND (SELECT count(*) FROM chosen) = cardinality(%(numbers)s::int[])
     AND (cardinality(%(numbers)s::int[]) = 0
          OR cardinality(%(numbers)s::int[]) BETWEEN phase.floor AND phase.cap)
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
  FROM phase CROSS JOIN voter LEFT JOIN written ON true LEFT JOIN earlier ON true
