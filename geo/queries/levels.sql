-- Adds sums of the finest cells up to all levels of the pyramid. A part of geo_merge (in the migration) and rebuild.sql.
-- source   l18: key (level 18), slot, n, w, sx, sy; one row a cell and slot
-- returns  every: the same of every level, 2 to 18
-- Each of the fine levels, where most cells are, is made of the one below; the others cost little by then.
l17 AS MATERIALIZED (
    SELECT key >> 2 AS key, slot, sum(n)::bigint n, sum(w)::bigint w, sum(sx)::bigint sx, sum(sy)::bigint sy
    FROM l18 GROUP BY 1, 2
),
l16 AS MATERIALIZED (
    SELECT key >> 2 AS key, slot, sum(n)::bigint n, sum(w)::bigint w, sum(sx)::bigint sx, sum(sy)::bigint sy
    FROM l17 GROUP BY 1, 2
),
l15 AS MATERIALIZED (
    SELECT key >> 2 AS key, slot, sum(n)::bigint n, sum(w)::bigint w, sum(sx)::bigint sx, sum(sy)::bigint sy
    FROM l16 GROUP BY 1, 2
),
l12 AS MATERIALIZED (
    SELECT key >> 6 AS key, slot, sum(n)::bigint n, sum(w)::bigint w, sum(sx)::bigint sx, sum(sy)::bigint sy
    FROM l15 GROUP BY 1, 2
),
every AS (
    SELECT key, slot, n, w, sx, sy FROM l18
    UNION ALL
    SELECT key, slot, n, w, sx, sy FROM l17
    UNION ALL
    SELECT key, slot, n, w, sx, sy FROM l16
    UNION ALL
    SELECT key >> s, slot, sum(n)::bigint, sum(w)::bigint, sum(sx)::bigint, sum(sy)::bigint
    FROM l15, unnest(ARRAY[0, 2, 4]) s GROUP BY 1, 2
    UNION ALL
    SELECT key >> s, slot, sum(n)::bigint, sum(w)::bigint, sum(sx)::bigint, sum(sy)::bigint
    FROM l12, generate_series(0, 20, 2) s GROUP BY 1, 2
)
