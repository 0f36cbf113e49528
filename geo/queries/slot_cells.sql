-- The same of the pins of one slot.
-- params   slot; the others as in cells.sql
-- index    as in cells.sql: a cell has few slots
(
    SELECT key, sum(n)::bigint AS n, sum(w)::bigint AS w, sum(sx)::bigint AS sx, sum(sy)::bigint AS sy,
           CASE WHEN {names} ? '{slot}' THEN jsonb_build_object({names} ->> '{slot}', sum(n)) END AS slots
    FROM (
        SELECT key, n, w, sx, sy FROM geo_cell
        WHERE layer = {layer} AND key BETWEEN {first} AND {last} AND slot = {slot}
        UNION ALL
        SELECT key >> {shift}, n, w, sx, sy FROM geo_delta
        WHERE layer = {layer} AND key BETWEEN {first}::bigint << {shift} AND (({last}::bigint + 1) << {shift}) - 1
          AND slot = {slot}
    ) AS part
    GROUP BY key HAVING sum(n) > 0
    -- Always in the same order: the same pins make the same bytes.
    ORDER BY key
)
