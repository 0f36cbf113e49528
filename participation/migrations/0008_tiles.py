"""Where each pin lies in the tiles, and triggers that keep count of the public pins for geo's pyramid."""

from django.db import migrations, models
from django.db.models import F, Func, Q

LON = Func(F("point"), function="ST_X", output_field=models.FloatField())
LAT = Func(F("point"), function="ST_Y", output_field=models.FloatField())
TILE_X = Func(LON, function="geo_tile_x", output_field=models.IntegerField())
TILE_Y = Func(LAT, function="geo_tile_y", output_field=models.IntegerField())

# The layer is the project, the slot the theme. Whatever is shown to everyone (selectors.layers.proposals_layer) is
# counted, and nothing else.
ONE_SIDE = """
    SELECT project_id AS layer, geo_key(morton) AS key, COALESCE(theme_id, 0) AS slot,
           {sign}1 AS n, {sign}n_supports AS w, {sign}tile_x::bigint AS x, {sign}tile_y::bigint AS y
      FROM {rows} WHERE state = 'published' AND morton IS NOT NULL
"""
# A change that moved nothing, a title or a ballot, cancels out and leaves no trace.
COUNT = """
CREATE FUNCTION participation_count_pins_{what}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO geo_delta (layer, key, slot, n, w, sx, sy)
  SELECT layer, key, slot, sum(n), sum(w), sum(x), sum(y) FROM ({sides}) changed
   GROUP BY layer, key, slot HAVING (sum(n), sum(w), sum(x), sum(y)) <> (0, 0, 0, 0);
  RETURN NULL;
END $$;
CREATE TRIGGER count_pins_{what} AFTER {act} ON participation_proposal
  REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION participation_count_pins_{what}();
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION participation_count_pins_{what}() SET search_path = %I, pg_temp', current_schema());
END $$;
"""
ADDED, REMOVED = ONE_SIDE.format(sign="", rows="added"), ONE_SIDE.format(sign="-", rows="removed")
NEW, OLD = "NEW TABLE AS added", "OLD TABLE AS removed"
ACTS = {
    "in": ("INSERT", ADDED, NEW),
    "change": ("UPDATE", f"{ADDED} UNION ALL {REMOVED}", f"{NEW} {OLD}"),
    "out": ("DELETE", REMOVED, OLD),
}
TRIGGERS = "".join(
    COUNT.format(what=what, act=act, sides=sides, tables=tables) for what, (act, sides, tables) in ACTS.items()
)
# What was there before is counted once.
FIRST = """
INSERT INTO geo_delta (layer, key, slot, n, w, sx, sy)
SELECT layer, key, slot, sum(n), sum(w), sum(x), sum(y) FROM ({rows}) counted GROUP BY layer, key, slot;
""".format(rows=ONE_SIDE.format(sign="", rows="participation_proposal"))
DROP = "".join(
    f"DROP TRIGGER count_pins_{what} ON participation_proposal; DROP FUNCTION participation_count_pins_{what}();"
    for what in ACTS
)


class Migration(migrations.Migration):
    dependencies = [("geo", "0001_pyramid"), ("participation", "0007_ogc")]
    operations = [
        migrations.AddField(
            "proposal",
            "tile_x",
            models.GeneratedField(expression=TILE_X, output_field=models.IntegerField(null=True), db_persist=True),
        ),
        migrations.AddField(
            "proposal",
            "tile_y",
            models.GeneratedField(expression=TILE_Y, output_field=models.IntegerField(null=True), db_persist=True),
        ),
        migrations.AddField(
            "proposal",
            "morton",
            models.GeneratedField(
                expression=Func(TILE_X, TILE_Y, function="geo_morton", output_field=models.BigIntegerField()),
                output_field=models.BigIntegerField(null=True),
                db_persist=True,
            ),
        ),
        migrations.AddIndex(
            "proposal",
            models.Index(fields=["project", "morton"], condition=Q(state="published"), name="proposal_tiles"),
        ),
        migrations.RunSQL(FIRST + TRIGGERS, DROP),
    ]
