"""Where a pin lies in whole numbers, and the pyramid of counted cells with its log of changes."""

from django.db import migrations, models

from geo.queries import text

# Only what always is in reach: a dump is read back with an empty search path.
PLACES = """
CREATE FUNCTION geo_tile_x(lon float8) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN least(floor(least(greatest((lon + 180) / 360, 0), 1) * 2147483648), 2147483647)::integer;

-- The same arithmetic as tile.sql and geo.plane.tiles.world, step by step: a pin has one place in all of them.
CREATE FUNCTION geo_tile_y(lat float8) RETURNS integer LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  -- The smallest numbers there are cannot be divided any more; a tenth of a millimetre is the equator.
  s float8 := CASE WHEN abs(lat) < 1e-9 THEN 0
                   ELSE sin(radians(least(greatest(lat, -85.0511287798066), 85.0511287798066))) END;
BEGIN
  RETURN least(floor(least(greatest(0.5 - ln((1 + s) / (1 - s)) / (4 * pi()), 0), 1) * 2147483648), 2147483647);
END $$;

-- x and y with their bits in turn, y before x: 62 bits, of which the first 2 z name the tile of zoom z.
CREATE FUNCTION geo_morton(x integer, y integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  a bigint := x;
  b bigint := y;
BEGIN
  a := (a | (a << 16)) & x'0000FFFF0000FFFF'::bigint;
  b := (b | (b << 16)) & x'0000FFFF0000FFFF'::bigint;
  a := (a | (a << 8)) & x'00FF00FF00FF00FF'::bigint;
  b := (b | (b << 8)) & x'00FF00FF00FF00FF'::bigint;
  a := (a | (a << 4)) & x'0F0F0F0F0F0F0F0F'::bigint;
  b := (b | (b << 4)) & x'0F0F0F0F0F0F0F0F'::bigint;
  a := (a | (a << 2)) & x'3333333333333333'::bigint;
  b := (b | (b << 2)) & x'3333333333333333'::bigint;
  a := (a | (a << 1)) & x'5555555555555555'::bigint;
  b := (b | (b << 1)) & x'5555555555555555'::bigint;
  RETURN a | (b << 1);
END $$;

-- The key of the finest cell of the pyramid (level 18, some 95 m wide in Belgium) that holds this Morton code.
CREATE FUNCTION geo_key(morton bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (1::bigint << 36) | (morton >> 26);
"""

MERGE = """
-- Pours a layer's changes into all levels of the pyramid: how many rows of the log that were, none when somebody
-- else is at it. Two at once would wait for each other's cells, so there is one a layer; nobody waits for it.
CREATE FUNCTION geo_merge(of_layer bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  n_gone integer;
  emptied bigint[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(1265198455, (of_layer % 2147483647)::integer) THEN
    RETURN NULL;
  END IF;
  -- What leaves the log is what arrives in the cells, whoever writes meanwhile.
  WITH gone AS (DELETE FROM geo_delta WHERE layer = of_layer RETURNING key, slot, n, w, sx, sy),
  l18 AS MATERIALIZED (
    SELECT key, slot, sum(n) n, sum(w)::bigint w, sum(sx)::bigint sx, sum(sy)::bigint sy FROM gone GROUP BY 1, 2
  ),
  {levels},
  put AS (
    INSERT INTO geo_cell AS c (layer, key, slot, n, w, sx, sy)
    SELECT of_layer, key, slot, n, w, sx, sy FROM every WHERE (n, w, sx, sy) <> (0, 0, 0, 0) ORDER BY key, slot
    ON CONFLICT (layer, key, slot) DO UPDATE
       SET n = c.n + excluded.n, w = c.w + excluded.w, sx = c.sx + excluded.sx, sy = c.sy + excluded.sy
    RETURNING c.key, c.n
  )
  SELECT (SELECT count(*) FROM gone), array_agg(key) FILTER (WHERE n = 0) INTO n_gone, emptied FROM put;
  DELETE FROM geo_cell WHERE layer = of_layer AND key = ANY (emptied) AND n = 0;
  RETURN n_gone;
END $$;

-- The cells of a range of keys with what changed in them since: a tile (cells.sql). Its statement is planned once a
-- connection, for any range: planning took longer than asking.
CREATE FUNCTION geo_cells(of_layer bigint, from_key bigint, to_key bigint, shift integer, names jsonb)
RETURNS TABLE (key bigint, n bigint, w bigint, sx bigint, sy bigint, slots jsonb) LANGUAGE plpgsql STABLE ROWS 16 AS $$
BEGIN
  RETURN QUERY
  SELECT kind.key, sum(kind.n)::bigint, sum(kind.w)::bigint, sum(kind.sx)::bigint, sum(kind.sy)::bigint,
         jsonb_object_agg(names ->> kind.slot::text, kind.n) FILTER (WHERE names ? kind.slot::text AND kind.n > 0)
  FROM (
    SELECT part.key, part.slot, sum(part.n)::bigint n, sum(part.w) w, sum(part.sx) sx, sum(part.sy) sy
    FROM (
      SELECT c.key, c.slot, c.n, c.w, c.sx, c.sy FROM geo_cell c
       WHERE c.layer = of_layer AND c.key BETWEEN from_key AND to_key
      UNION ALL
      SELECT d.key >> shift, d.slot, d.n, d.w, d.sx, d.sy FROM geo_delta d
       WHERE d.layer = of_layer AND d.key BETWEEN from_key << shift AND ((to_key + 1) << shift) - 1
    ) part
    GROUP BY part.key, part.slot
  ) kind
  GROUP BY kind.key HAVING sum(kind.n) > 0
  -- Always in the same order: the same pins make the same bytes.
  ORDER BY kind.key;
END $$;

-- Who writes the thousandth change since the last merge merges: the log stays short where no worker runs.
CREATE FUNCTION geo_keep_short() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM geo_merge(layer) FROM added GROUP BY layer HAVING max(id) / 1000 > (min(id) - 1) / 1000;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_short AFTER INSERT ON geo_delta
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION geo_keep_short();

ALTER FUNCTION geo_cells(bigint, bigint, bigint, integer, jsonb) SET plan_cache_mode = force_generic_plan;
ALTER TABLE geo_cell SET (fillfactor = 70);
-- The log is emptied over and over: what is dead in it is swept before it slows the tiles down.
ALTER TABLE geo_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- A temporary table is found before any other of its name.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION geo_merge(bigint) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION geo_cells(bigint, bigint, bigint, integer, jsonb) SET search_path = %I, pg_temp',
                 current_schema());
  EXECUTE format('ALTER FUNCTION geo_keep_short() SET search_path = %I, pg_temp', current_schema());
END $$;
""".replace("{levels}", text("levels"))

DROP = """
DROP TRIGGER keep_short ON geo_delta;
DROP FUNCTION geo_keep_short();
DROP FUNCTION geo_cells(bigint, bigint, bigint, integer, jsonb);
DROP FUNCTION geo_merge(bigint);
"""
DROP_PLACES = """
DROP FUNCTION geo_key(bigint);
DROP FUNCTION geo_morton(integer, integer);
DROP FUNCTION geo_tile_y(float8);
DROP FUNCTION geo_tile_x(float8);
"""

SUMS = [
    ("layer", models.BigIntegerField()),
    ("key", models.BigIntegerField()),
    ("slot", models.BigIntegerField()),
    ("n", models.IntegerField()),
    ("w", models.BigIntegerField()),
    ("sx", models.BigIntegerField()),
    ("sy", models.BigIntegerField()),
]


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(PLACES, DROP_PLACES),
        migrations.CreateModel(
            name="Cell",
            fields=[
                *SUMS,
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "layer", "key", "slot", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
            options={"db_table": "geo_cell"},
        ),
        migrations.CreateModel(
            name="Delta",
            fields=[*SUMS, ("id", models.BigAutoField(primary_key=True, serialize=False))],
            options={
                "db_table": "geo_delta",
                "indexes": [models.Index(fields=["layer", "key"], name="geo_delta_place")],
            },
        ),
        migrations.RunSQL(MERGE, DROP),
    ]
