-- What drawn.sql adds for pins that stand alone in their cell: of those the sums are the place.
-- source   rows: a queryset that Django compiled, with kp_key, kp_morton and the pin's own columns
-- params   morton: of the place of the pin that stands alone in a cell (its sums are the place)
-- index    the domain's on its Morton code
LEFT JOIN LATERAL (
    -- The condition stands inside, so that the rows are not even looked for where many stand together.
    SELECT * FROM ({rows}) AS rows
    WHERE cell.n = 1 AND kp_morton = {morton}
    LIMIT 1
) AS own ON true
