-- The pins of one map tile, grouped in the cells of a grid that is aligned to the tiles.
-- source   rows: a queryset that Django compiled, with kp_key, kp_weight, kp_slot, kp_lon, kp_lat and the pin's own
--          columns
-- params   size (cells along the world), per_tile (cells along a tile), column and row of the tile, names
--          (jsonb: slot -> name), columns (the pin's own, one value a kind: min(kp_0) AS kp_0), attributes (the same,
--          null in a group: CASE ... THEN min(kp_0) END AS "title")
-- returns  one row: the bytes of a vector tile with one layer "pins"; no bytes when no pin lies in the tile
-- plane    EPSG:4326 in; the unit square of Web Mercator inside; 4096 units of the tile out, y down
-- index    GiST on the geometry column, used by the box inside rows. The box only has to be generous: which tile
--          a pin belongs to is decided here, by arithmetic that is the same for all tiles of a zoom, so no pin is
--          lost or counted twice and no buffer is needed
SELECT ST_AsMVT(feature, 'pins', 4096, 'geom')
FROM (
    SELECT
        -- A group stands at its true middle, never on the seam (4096 is the next tile's 0).
        ST_MakePoint(
            least(floor((sum(wx) / sum(n) * {size} / {per_tile} - {column}) * 4096), 4095),
            least(floor((sum(wy) / sum(n) * {size} / {per_tile} - {row}) * 4096), 4095)
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
            FROM (
                SELECT
                    rows.*,
                    least(greatest((kp_lon + 180) / 360, 0), 1) AS wx,
                    least(greatest(0.5 - ln((1 + kp_sin) / (1 - kp_sin)) / (4 * pi()), 0), 1) AS wy
                FROM (
                    -- Clamped to the square world, so that a pin at a pole is drawn at the edge and not lost.
                    -- The smallest numbers there are cannot be divided any more: they are the equator.
                    SELECT
                        pins.*,
                        CASE WHEN abs(kp_lat) < 1e-9 THEN 0
                             ELSE sin(radians(least(greatest(kp_lat, -{max_lat}), {max_lat})))
                        END AS kp_sin
                    FROM ({rows}) AS pins
                    OFFSET 0 -- a fence: else sine and logarithm are written out, and computed, at each use below
                ) AS rows
                OFFSET 0
            ) AS square
            OFFSET 0
        ) AS placed
        WHERE cell_x BETWEEN {column} * {per_tile} AND ({column} + 1) * {per_tile} - 1
          AND cell_y BETWEEN {row} * {per_tile} AND ({row} + 1) * {per_tile} - 1
        GROUP BY cell_x, cell_y, kp_slot
    ) AS kind
    GROUP BY cell_x, cell_y
    -- Always in the same order: the same pins make the same bytes.
    ORDER BY cell_x, cell_y
) AS feature
