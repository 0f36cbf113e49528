-- Which public proposals lie near a place and are called something like a title.
-- source   participation_proposal
-- params   project; lon, lat (degrees WGS 84), metres; west, south, east, north (a box around them, for the index);
--          title (as typed), enough (0 to 1), n
-- returns  rows (id, likeness 0 to 1), most alike first, then most supported, then by number; at most n
-- plane    EPSG:4326, the distance on the spheroid
-- index    participation_proposal's on point
SELECT id, likeness
  FROM (SELECT p.id, p.number, p.n_supports, participation_likeness(typed.words, p.folded) AS likeness
          FROM participation_proposal p, (SELECT participation_folded(%(title)s) AS words OFFSET 0) typed
         WHERE p.project_id = %(project)s AND p.state = 'published'
           AND p.point && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
           AND ST_Distance(p.point::geography, ST_MakePoint(%(lon)s, %(lat)s)::geography) <= %(metres)s
        OFFSET 0) near -- a fence: likeness is computed once
 WHERE likeness >= %(enough)s
 ORDER BY likeness DESC, n_supports DESC, number
 LIMIT %(n)s
