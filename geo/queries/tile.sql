-- The pins of one map tile, grouped in the cells of a grid that is aligned to the tiles.
-- source   rows: a queryset that Django compiled, with kp_key, kp_lon, kp_lat, kp_weight and the pin's own columns
-- params   size (cells along the world), per_tile (cells along a tile), x, y (column and row of the tile),
--          attributes (the pin's own columns, each null in a group: CASE ... THEN min(kp_0) END AS "title")
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
            least(floor((avg(wx) * {size} / {per_tile} - {x}) * 4096), 4095),
            least(floor((avg(wy) * {size} / {per_tile} - {y}) * 4096), 4095)
        ) AS geom,
        count(*)::integer AS n,
        sum(kp_weight)::float8 AS w,
        CASE WHEN count(*) = 1 THEN min(kp_key) END AS id
        {attributes}
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
                SELECT pins.*, sin(radians(least(greatest(kp_lat, -{max_lat}), {max_lat}))) AS kp_sin
                FROM ({rows}) AS pins
                OFFSET 0 -- a fence: else sine and logarithm are written out, and computed, at each use below
            ) AS rows
            OFFSET 0
        ) AS square
        OFFSET 0
    ) AS placed
    WHERE cell_x BETWEEN {x} * {per_tile} AND ({x} + 1) * {per_tile} - 1
      AND cell_y BETWEEN {y} * {per_tile} AND ({y} + 1) * {per_tile} - 1
    GROUP BY cell_x, cell_y
    -- Always in the same order: the same pins make the same bytes.
    ORDER BY cell_x, cell_y
) AS feature
