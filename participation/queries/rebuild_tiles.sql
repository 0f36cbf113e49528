-- Counts the public pins of a project anew for the pyramid: what was counted goes, what is there is written as changes.
-- params   project, three times
-- source   the same rows as the triggers count_pins_*
-- locks    none against whoever writes: all of it is one statement, so what is not in its rows stays in the log
WITH cells AS (DELETE FROM geo_cell WHERE layer = %(project)s),
changes AS (DELETE FROM geo_delta WHERE layer = %(project)s)
INSERT INTO geo_delta (layer, key, slot, n, w, sx, sy)
SELECT project_id, geo_key(morton), COALESCE(theme_id, 0), count(*), sum(n_supports), sum(tile_x), sum(tile_y)
  FROM participation_proposal
 WHERE project_id = %(project)s AND state = 'published' AND morton IS NOT NULL
 GROUP BY 1, 2, 3
