-- Where rows lie in the unit square of Web Mercator, from their degrees.
-- source   rows with kp_lon, kp_lat
-- returns  the rows, with wx and wy
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
