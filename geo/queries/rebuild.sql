-- Counts a layer anew: the cells are empty, the log is forgotten, and what is there is added up to all levels.
-- source   rows: a queryset that Django compiled, with kp_morton, kp_slot, kp_weight, kp_x, kp_y
-- params   layer; levels: levels.sql
-- index    the domain's on its Morton code, as for ranged.sql
-- returns  one row: how many were counted
-- locks    none against whoever writes: it is one statement, so what is not among its rows stays in the log
WITH forgotten AS (DELETE FROM geo_delta WHERE layer = {layer}),
l18 AS MATERIALIZED (
    SELECT geo_key(kp_morton) AS key, kp_slot AS slot,
           count(*) AS n, sum(kp_weight) AS w, sum(kp_x) AS sx, sum(kp_y) AS sy
    FROM (
        -- One cell after the other: in any other order each row looks for its sums in a far part of the memory. The
        -- fence (OFFSET 0) keeps the order, which the domain's index on the Morton code has without sorting.
        SELECT * FROM ({rows}) AS rows WHERE kp_morton IS NOT NULL ORDER BY kp_morton OFFSET 0
    ) AS rows
    GROUP BY 1, 2
),
{levels},
put AS (
    INSERT INTO geo_cell (layer, key, slot, n, w, sx, sy)
    SELECT {layer}, key, slot, n, w, sx, sy FROM every ORDER BY key, slot
)
SELECT coalesce(sum(n), 0)::bigint FROM l18
