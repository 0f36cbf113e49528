-- The same of the pins of one slot.
-- params   slot; the others as in cells.sql
-- index    as in cells.sql: a cell has few slots
(
    SELECT key, sum(n)::bigint AS n, sum(w)::bigint AS w, sum(sx)::bigint AS sx, sum(sy)::bigint AS sy,
           CASE WHEN {names} ? {slot}::text THEN jsonb_build_object({names} ->> {slot}::text, sum(n)) END AS slots
    FROM (
        SELECT key, n, w, sx, sy FROM geo_cell
        WHERE layer = {layer} AND key BETWEEN {first} AND {last} AND slot = {slot}
        UNION ALL
        SELECT key >> {shift}::integer, n, w, sx, sy FROM geo_delta
        WHERE layer = {layer} AND slot = {slot}
          AND key BETWEEN {first} << {shift}::integer AND (({last} + 1) << {shift}::integer) - 1
    ) AS part
    GROUP BY key HAVING sum(n) > 0
    -- Always in the same order: the same pins make the same bytes.
    ORDER BY key
)
