-- One map tile of cells that were grouped: beforehand (cells.sql, slot_cells.sql), or now (ranged.sql).
-- source   cells: key, n, w, sx, sy (sums of whole numbers), and what shares takes, in the order of their keys
-- params   unit (whole numbers along one of the 4096 units of the tile), x, y (the tile's corner in whole numbers)
--          shares: of each slot that a group has, out of the columns that its cells have for it
--          attributes, own: nothing, or what alone.sql adds for pins that stand alone in their cell
-- returns  one row: the bytes of a vector tile with one layer "pins", none when no pin lies in the tile; whether a
--          pin stands alone in it
-- plane    whole numbers, 2**31 along the world; 4096 units of the tile out, y down
SELECT ST_AsMVT(feature, 'pins', 4096, 'geom'), bool_or(n = 1)
FROM (
    SELECT
        ST_MakePoint((cell.sx / cell.n - {x}) / {unit}, (cell.sy / cell.n - {y}) / {unit}) AS geom,
        cell.n::integer AS n,
        cell.w::float8 AS w
        {attributes}
        {shares}
    FROM {cells} AS cell
    {own}
) AS feature
