-- The pins of one map tile, grouped in cells, from the whole numbers that are stored with them.
-- source   rows: a queryset that Django compiled, with kp_key, kp_weight, kp_slot, kp_x, kp_y, kp_morton and the pin's
--          own columns
-- params   first, last (the Morton codes of the tile), shift (bits of them below a cell), unit (whole numbers along one
--          of the 4096 units of the tile), x, y (the tile's corner), names, columns, attributes (as in tile.sql)
-- returns  one row: the bytes of a vector tile with one layer "pins"; no bytes when no pin lies in the tile
-- plane    whole numbers, 2**31 along the world; 4096 units of the tile out, y down
-- index    the domain's on its Morton code: PostgreSQL puts the condition into the rows
SELECT ST_AsMVT(feature, 'pins', 4096, 'geom')
FROM (
    SELECT
        ST_MakePoint(
            floor((sum(sx) / sum(n) - {x}) / {unit}),
            floor((sum(sy) / sum(n) - {y}) / {unit})
        ) AS geom,
        sum(n)::integer AS n,
        sum(w)::float8 AS w,
        CASE WHEN sum(n) = 1 THEN min(kp_key) END AS id
        {attributes},
        CASE WHEN sum(n) > 1
             THEN jsonb_object_agg({names} ->> kp_slot::text, n) FILTER (WHERE {names} ? kp_slot::text)
        END AS slots
    FROM (
        SELECT
            kp_morton >> {shift} AS cell,
            kp_slot,
            count(*) AS n,
            sum(kp_weight) AS w,
            sum(kp_x)::float8 AS sx,
            sum(kp_y)::float8 AS sy,
            min(kp_key) AS kp_key
            {columns}
        FROM ({rows}) AS rows
        WHERE kp_morton BETWEEN {first} AND {last}
        GROUP BY 1, 2
    ) AS kind
    GROUP BY cell
    -- Always in the same order: the same pins make the same bytes.
    ORDER BY cell
) AS feature
