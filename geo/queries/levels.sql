-- Pours sums of the finest cells into all levels of the pyramid. A part of geo_merge and of rebuild.sql.
-- source   gone: key (level 18), slot, n, w, sx, sy; several rows a cell are added up
-- params   layer
l18 AS MATERIALIZED (
    SELECT key, slot, sum(n) n, sum(w) w, sum(sx) sx, sum(sy) sy FROM gone GROUP BY 1, 2
),
-- Every third level is made of the one below; those between cost little by then.
l15 AS MATERIALIZED (
    SELECT key >> 6 AS key, slot, sum(n) n, sum(w) w, sum(sx) sx, sum(sy) sy FROM l18 GROUP BY 1, 2
),
l12 AS MATERIALIZED (
    SELECT key >> 6 AS key, slot, sum(n) n, sum(w) w, sum(sx) sx, sum(sy) sy FROM l15 GROUP BY 1, 2
),
every AS (
    SELECT key, slot, n, w, sx, sy FROM l18
    UNION ALL
    SELECT key >> s, slot, sum(n), sum(w), sum(sx), sum(sy) FROM l18, unnest(ARRAY[2, 4]) s GROUP BY 1, 2
    UNION ALL
    SELECT key >> s, slot, sum(n), sum(w), sum(sx), sum(sy) FROM l15, unnest(ARRAY[0, 2, 4]) s GROUP BY 1, 2
    UNION ALL
    SELECT key >> s, slot, sum(n), sum(w), sum(sx), sum(sy) FROM l12, generate_series(0, 20, 2) s GROUP BY 1, 2
),
put AS (
    INSERT INTO geo_cell AS c (layer, key, slot, n, w, sx, sy)
    SELECT {layer}, key, slot, n, w, sx, sy FROM every WHERE (n, w, sx, sy) <> (0, 0, 0, 0) ORDER BY key, slot
    ON CONFLICT (layer, key, slot) DO UPDATE
       SET n = c.n + excluded.n, w = c.w + excluded.w, sx = c.sx + excluded.sx, sy = c.sy + excluded.sy
)
