-- Count the votes of the last cast of every ballot, for options that are still public.
-- source   participation_ballot, _ballotcast, _vote, _proposal
-- params   phase
-- returns  rows (proposal id, votes)
-- index    cast_seq_once (the last cast of a ballot), participation_vote's primary key
SELECT v.proposal_id, count(*)
  FROM participation_ballot b
  CROSS JOIN LATERAL (SELECT id FROM participation_ballotcast c
                       WHERE c.ballot_id = b.id ORDER BY seq DESC LIMIT 1) last
  JOIN participation_vote v ON v.cast_id = last.id
  JOIN participation_proposal p ON p.id = v.proposal_id AND p.state = 'published' AND p.on_ballot
 WHERE b.phase_id = %(phase)s
 GROUP BY v.proposal_id
