-- The choices of the last cast of every ballot that still names an option; once counted, an option that was counted.
-- source   participation_ballot, _ballotcast, _vote, _proposal, _phase, _tallyrow
-- params   phase
-- returns  rows (ballot id, proposal number, points, rank among the choices that are still options), by ballot and rank
-- index    cast_seq_once (the last cast of a ballot), participation_vote's primary key
WITH options AS MATERIALIZED (
  SELECT p.id, p.number
    FROM participation_phase f
    JOIN participation_proposal p ON p.project_id = f.project_id
   WHERE f.id = %(phase)s
     AND CASE WHEN f.closed_at IS NULL THEN p.state = 'published' AND p.on_ballot
              ELSE EXISTS (SELECT FROM participation_tallyrow t WHERE t.phase_id = f.id AND t.proposal_id = p.id) END
)
SELECT b.id, o.number, v.value, row_number() OVER (PARTITION BY b.id ORDER BY v.position)
  FROM participation_ballot b
  CROSS JOIN LATERAL (SELECT id FROM participation_ballotcast c
                       WHERE c.ballot_id = b.id ORDER BY seq DESC LIMIT 1) last
  JOIN participation_vote v ON v.cast_id = last.id
  JOIN options o ON o.id = v.proposal_id
 WHERE b.phase_id = %(phase)s
 ORDER BY b.id, v.position
