-- One map tile of a layer whose cells are counted beforehand (geo_cell), with what changed since (geo_delta).
-- params   layer, first and last (keys of the first and the last cell of the tile), shift (two bits for each level
--          from the tile's cells down to the finest), unit (whole numbers along one of the 4096 units of the tile),
--          x, y (the tile's corner in those whole numbers), names (jsonb: slot -> name), attributes (as in tile.sql)
-- source   rows: a queryset that Django compiled, with kp_key, kp_morton and the pin's own columns: asked only for
--          the pins that stand alone in their cell, of which the sums are the place
-- returns  one row: the bytes of a vector tile with one layer "pins"; no bytes when no pin lies in the tile
-- plane    whole numbers, 2**31 along the world; 4096 units of the tile out, y down
-- index    the primary key of geo_cell, of which a tile is one range; geo_delta_place; the domain's on its Morton code
SELECT ST_AsMVT(feature, 'pins', 4096, 'geom')
FROM (
    SELECT
        ST_MakePoint(
            (cell.sx / cell.n - {x}) / {unit},
            (cell.sy / cell.n - {y}) / {unit}
        ) AS geom,
        cell.n::integer AS n,
        cell.w::float8 AS w,
        own.kp_key AS id
        {attributes},
        CASE WHEN cell.n > 1 THEN cell.slots END AS slots
    FROM (
        SELECT
            key,
            sum(n)::bigint AS n,
            sum(w) AS w,
            sum(sx)::bigint AS sx,
            sum(sy)::bigint AS sy,
            jsonb_object_agg({names} ->> slot::text, n) FILTER (WHERE {names} ? slot::text AND n > 0) AS slots
        FROM (
            SELECT key, slot, sum(n)::integer AS n, sum(w) AS w, sum(sx) AS sx, sum(sy) AS sy
            FROM (
                SELECT key, slot, n, w, sx, sy
                FROM geo_cell
                WHERE layer = {layer} AND key BETWEEN {first} AND {last}
                UNION ALL
                SELECT key >> {shift}, slot, n, w, sx, sy
                FROM geo_delta
                WHERE layer = {layer}
                  AND key BETWEEN {first}::bigint << {shift} AND (({last}::bigint + 1) << {shift}) - 1
            ) AS part
            GROUP BY key, slot
        ) AS kind
        GROUP BY key
        HAVING sum(n) > 0
        -- Always in the same order: the same pins make the same bytes.
        ORDER BY key
    ) AS cell
    -- The condition stands inside, so that the rows are not even looked for where many stand together.
    LEFT JOIN LATERAL (
        SELECT * FROM ({rows}) AS rows
        WHERE cell.n = 1 AND kp_morton = geo_morton(cell.sx::integer, cell.sy::integer)
        LIMIT 1
    ) AS own ON true
) AS feature
