-- The cells of a tile, counted beforehand (geo_cells: the pyramid, and what changed since).
-- params   layer, first and last (keys of the first and the last cell of the tile), shift (two bits for each level
--          from the tile's cells down to the finest), names (jsonb: slot -> name)
-- index    the primary key of geo_cell, of which a tile is one range; geo_delta_place
geo_cells({layer}, {first}, {last}, {shift}::integer, {names})
