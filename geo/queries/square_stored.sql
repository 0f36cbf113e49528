-- Where rows lie in the unit square of Web Mercator, from the whole numbers that were stored with them.
-- source   rows with kp_x, kp_y, kp_morton: 2**31 along the world; half a number more is the middle of one
-- params   first, last: the Morton codes of a tile
-- returns  the rows of the tile, with wx and wy
-- index    the domain's on its Morton code: PostgreSQL puts the condition into the rows
SELECT rows.*, (kp_x + 0.5::float8) / 2147483648 AS wx, (kp_y + 0.5::float8) / 2147483648 AS wy
FROM ({rows}) AS rows
WHERE kp_morton BETWEEN {first} AND {last}
