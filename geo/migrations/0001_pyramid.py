"""Where a pin lies in whole numbers, and the pyramid of counted cells with its log of changes."""

from django.db import migrations, models

# Only what always is in reach: a dump is read back with an empty search path.
PLACES = """
CREATE FUNCTION geo_tile_x(lon float8) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN least(floor(least(greatest((lon + 180) / 360, 0), 1) * 2147483648), 2147483647)::integer;

-- The same arithmetic as square.sql and geo.plane.tiles.world, step by step: a pin has one place in all of them.
CREATE FUNCTION geo_tile_y(lat float8) RETURNS integer LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  s float8 := sin(radians(least(greatest(lat, -85.0511287798066), 85.0511287798066)));
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

-- The key of the finest cell of the pyramid (level 20, some 24 m wide in Belgium) that holds this Morton code.
CREATE FUNCTION geo_key(morton bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (1::bigint << 40) | (morton >> 22);
"""

MERGE = """
-- Pours a layer's changes into all levels of the pyramid: how many rows of the log that were, none when somebody
-- else is at it. Two at once would wait for each other's cells, so there is one a layer; nobody waits for it.
CREATE FUNCTION geo_merge(of_layer bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  n_gone integer;
BEGIN
  IF NOT pg_try_advisory_xact_lock(1265198455, (of_layer % 2147483647)::integer) THEN
    RETURN NULL;
  END IF;
  -- One statement: what leaves the log is what arrives in the cells, whoever writes meanwhile.
  WITH gone AS (DELETE FROM geo_delta WHERE layer = of_layer RETURNING key, slot, n, w, sx, sy),
  l20 AS MATERIALIZED (
    SELECT key, slot, sum(n) n, sum(w) w, sum(sx) sx, sum(sy) sy FROM gone GROUP BY 1, 2),
  -- Every third level is made of the one below; those between cost little by then.
  l17 AS MATERIALIZED (
    SELECT key >> 6 AS key, slot, sum(n) n, sum(w) w, sum(sx) sx, sum(sy) sy FROM l20 GROUP BY 1, 2),
  l14 AS MATERIALIZED (
    SELECT key >> 6 AS key, slot, sum(n) n, sum(w) w, sum(sx) sx, sum(sy) sy FROM l17 GROUP BY 1, 2),
  l11 AS MATERIALIZED (
    SELECT key >> 6 AS key, slot, sum(n) n, sum(w) w, sum(sx) sx, sum(sy) sy FROM l14 GROUP BY 1, 2),
  every AS (
    SELECT * FROM l20
    UNION ALL
    SELECT key >> 2, slot, sum(n), sum(w), sum(sx), sum(sy) FROM l20 GROUP BY 1, 2
    UNION ALL
    SELECT key >> s, slot, sum(n), sum(w), sum(sx), sum(sy) FROM l17, unnest(ARRAY[0, 2, 4]) s GROUP BY 1, 2
    UNION ALL
    SELECT key >> s, slot, sum(n), sum(w), sum(sx), sum(sy) FROM l14, unnest(ARRAY[0, 2, 4]) s GROUP BY 1, 2
    UNION ALL
    SELECT key >> s, slot, sum(n), sum(w), sum(sx), sum(sy) FROM l11, generate_series(0, 18, 2) s GROUP BY 1, 2
  ),
  put AS (
    INSERT INTO geo_cell AS c (layer, key, slot, n, w, sx, sy)
    SELECT of_layer, key, slot, n, w, sx, sy FROM every WHERE (n, w, sx, sy) <> (0, 0, 0, 0) ORDER BY key, slot
    ON CONFLICT (layer, key, slot) DO UPDATE
       SET n = c.n + excluded.n, w = c.w + excluded.w, sx = c.sx + excluded.sx, sy = c.sy + excluded.sy
  )
  SELECT count(*) INTO n_gone FROM gone;
  DELETE FROM geo_cell WHERE layer = of_layer AND n = 0;
  RETURN n_gone;
END $$;

-- Who writes the thousandth change since the last merge merges: the log stays short where no worker runs.
CREATE FUNCTION geo_keep_short() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM geo_merge(layer) FROM added GROUP BY layer HAVING max(id) / 1000 > (min(id) - 1) / 1000;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_short AFTER INSERT ON geo_delta
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION geo_keep_short();

ALTER TABLE geo_cell SET (fillfactor = 70);
-- The log is emptied over and over: what is dead in it is swept before it slows the tiles down.
ALTER TABLE geo_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- A temporary table is found before any other of its name.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION geo_merge(bigint) SET search_path = %I, pg_temp', current_schema());
  EXECUTE format('ALTER FUNCTION geo_keep_short() SET search_path = %I, pg_temp', current_schema());
END $$;
"""

DROP = """
DROP TRIGGER keep_short ON geo_delta;
DROP FUNCTION geo_keep_short();
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
            options={
                "db_table": "geo_cell",
                "indexes": [models.Index(fields=["layer"], condition=models.Q(n=0), name="geo_cell_empty")],
            },
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
