-- The pins of one map tile, grouped in the cells of a grid that is aligned to the tiles.
-- source   square: the rows of a queryset that Django compiled, with kp_key, kp_weight, kp_slot, wx, wy and the pin's
--          own columns (square.sql, square_stored.sql)
-- params   size (cells along the world), per_tile (cells along a tile), x, y (column and row of the tile), names
--          (jsonb: slot -> name), columns (the pin's own, one value a kind: min(kp_0) AS kp_0), attributes (the same,
--          null in a group: CASE ... THEN min(kp_0) END AS "title")
-- returns  one row: the bytes of a vector tile with one layer "pins"; no bytes when no pin lies in the tile
-- plane    the unit square of Web Mercator; 4096 units of the tile out, y down
-- index    that of the rows, used by the box or the range inside them. It only has to be generous: which tile
--          a pin belongs to is decided here, by arithmetic that is the same for all tiles of a zoom, so no pin is
--          lost or counted twice and no buffer is needed
SELECT ST_AsMVT(feature, 'pins', 4096, 'geom')
FROM (
    SELECT
        -- A group stands at its true middle, never on the seam (4096 is the next tile's 0).
        ST_MakePoint(
            least(floor((sum(wx) / sum(n) * {size} / {per_tile} - {x}) * 4096), 4095),
            least(floor((sum(wy) / sum(n) * {size} / {per_tile} - {y}) * 4096), 4095)
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
            cell_x,
            cell_y,
            kp_slot,
            count(*) AS n,
            sum(kp_weight) AS w,
            sum(wx) AS wx,
            sum(wy) AS wy,
            min(kp_key) AS kp_key
            {columns}
        FROM (
            SELECT
                square.*,
                -- The eastern and southern edge of the world belong to its last cells.
                least(floor(wx * {size})::bigint, {size} - 1) AS cell_x,
                least(floor(wy * {size})::bigint, {size} - 1) AS cell_y
            FROM ({square} OFFSET 0) AS square
            OFFSET 0
        ) AS placed
        WHERE cell_x BETWEEN {x} * {per_tile} AND ({x} + 1) * {per_tile} - 1
          AND cell_y BETWEEN {y} * {per_tile} AND ({y} + 1) * {per_tile} - 1
        GROUP BY cell_x, cell_y, kp_slot
    ) AS kind
    GROUP BY cell_x, cell_y
    -- Always in the same order: the same pins make the same bytes.
    ORDER BY cell_x, cell_y
) AS feature
