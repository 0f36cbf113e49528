-- How many pins a layer has.
-- params   layer; slot: those of it alone, or null
-- returns  one row: how many, by the topmost cells of the pyramid (level 2, see geo.models.Counted) and what changed since
-- index    the primary key of geo_cell; geo_delta_place
SELECT coalesce(sum(n), 0)::bigint
FROM (
    SELECT n, slot FROM geo_cell WHERE layer = %(layer)s AND key BETWEEN 16 AND 31
    UNION ALL
    SELECT n, slot FROM geo_delta WHERE layer = %(layer)s
) AS counted
WHERE %(slot)s::bigint IS NULL OR slot = %(slot)s
