-- Where rows lie in the unit square of Web Mercator, from the whole numbers that were stored with them.
-- source   rows with kp_x, kp_y: 2**31 along the world; half a number more is the middle of what one stands for
-- returns  the rows, with wx and wy
SELECT rows.*, (kp_x + 0.5::float8) / 2147483648 AS wx, (kp_y + 0.5::float8) / 2147483648 AS wy
FROM ({rows}) AS rows
