-- The cells of a tile, grouped from the whole numbers that are stored with the pins.
-- source   rows: a queryset that Django compiled, with kp_weight, kp_slot, kp_x, kp_y and kp_morton
-- params   first, last (the Morton codes of the tile), shift (bits of them below a cell)
--          slots: how many there are of each, a column for each
-- returns  as drawn.sql takes them, with morton (of a pin that stands alone its own) and n_cells (of all of them)
-- index    the domain's on its Morton code: PostgreSQL puts the condition into the rows. Where that index holds all of
--          these columns the rows themselves are not read
(
    SELECT grouped.*, count(*) OVER () AS n_cells
    FROM (
        SELECT key, sum(n)::bigint AS n, sum(w)::bigint AS w, sum(sx)::bigint AS sx, sum(sy)::bigint AS sy,
               min(morton) AS morton
               {slots}
        FROM (
            SELECT kp_morton >> {shift}::integer AS key, kp_slot AS slot, count(*) AS n, sum(kp_weight) AS w,
                   sum(kp_x) AS sx, sum(kp_y) AS sy, min(kp_morton) AS morton
            FROM ({rows}) AS rows
            WHERE kp_morton BETWEEN {first} AND {last}
            GROUP BY 1, 2
        ) AS kind
        GROUP BY key
    ) AS grouped
    -- Always in the same order: the same pins make the same bytes.
    ORDER BY key
)
