-- One map tile of a layer whose cells are counted beforehand (geo_cells: the pyramid, and what changed since).
-- params   layer, first and last (keys of the first and the last cell of the tile), shift (two bits for each level
--          from the tile's cells down to the finest), unit (whole numbers along one of the 4096 units of the tile),
--          x, y (the tile's corner in those whole numbers), names (jsonb: slot -> name)
--          key, attributes, own: nothing, or what alone.sql adds for pins that stand alone in their cell
-- returns  one row: the bytes of a vector tile with one layer "pins", none when no pin lies in the tile; whether a
--          pin stands alone in it
-- plane    whole numbers, 2**31 along the world; 4096 units of the tile out, y down
-- index    the primary key of geo_cell, of which a tile is one range; geo_delta_place
SELECT ST_AsMVT(feature, 'pins', 4096, 'geom'), bool_or(n = 1)
FROM (
    SELECT
        ST_MakePoint((cell.sx / cell.n - {x}) / {unit}, (cell.sy / cell.n - {y}) / {unit}) AS geom,
        cell.n::integer AS n,
        cell.w::float8 AS w
        {attributes},
        CASE WHEN cell.n > 1 THEN cell.slots END AS slots
    FROM geo_cells({layer}, {first}, {last}, {shift}, {names}) AS cell
    {own}
) AS feature
