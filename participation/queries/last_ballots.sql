-- The choices of the last cast of every ballot that still names an option.
-- source   participation_ballot, _ballotcast, _vote, _proposal
-- params   phase
-- returns  rows (ballot id, proposal number, points, rank among the choices that are still options), by ballot and rank
-- index    cast_seq_once (the last cast of a ballot), participation_vote's primary key
SELECT b.id, p.number, v.value, row_number() OVER (PARTITION BY b.id ORDER BY v.position)
  FROM participation_ballot b
  CROSS JOIN LATERAL (SELECT id FROM participation_ballotcast c
                       WHERE c.ballot_id = b.id ORDER BY seq DESC LIMIT 1) last
  JOIN participation_vote v ON v.cast_id = last.id
  JOIN participation_proposal p ON p.id = v.proposal_id AND p.state = 'published' AND p.on_ballot
 WHERE b.phase_id = %(phase)s
 ORDER BY b.id, v.position
