"""Writes one file of all pins of a project, as we do or as geopandas does; a process of its own, so that its memory can
be measured: ``python -m tests.benchmarks.export_side ours|peer PROJECT FORMAT FILE``.

Says seconds, seconds of the processor, and its peak of memory in kB. The clock starts when everything is imported: a
server that hands files out is there already. Of the peak the imports are part.

The peer: the same rows and columns by one question, read by geopandas and written by its quickest way.
"""

import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

QUESTION = """
SELECT p.number, p.title, p.body, p.origin, coalesce(t.slug, '') AS theme, coalesce(a.name, '') AS area, p.on_ballot,
       p.n_supports, p.created_at::date AS created_on, p.point
  FROM participation_proposal p
  JOIN participation_project o ON o.id = p.project_id
  LEFT JOIN participation_theme t ON t.id = p.theme_id
  LEFT JOIN participation_area a ON a.id = p.area_id
 WHERE o.slug = %(project)s AND p.state = 'published'
 ORDER BY p.number
"""


Work = Callable[[str, str, Path], None]


def ours() -> Work:
    """Write the layer of the catalogue."""
    import django

    django.setup()
    from geo.export import EVERYTHING, write
    from geo.plane.crs import CRS84
    from participation.models import Project
    from participation.selectors.layers import proposals_layer

    def work(project: str, format_name: str, path: Path) -> None:
        layer = proposals_layer(Project.objects.get(slug=project), has_map=True)
        write(layer, format_name, CRS84, EVERYTHING, path)

    return work


def peer() -> Work:
    """Write the same with geopandas."""
    import geopandas
    import psycopg

    def work(project: str, format_name: str, path: Path) -> None:
        # pandas would rather have SQLAlchemy; it reads from a connection of psycopg as well.
        warnings.simplefilter("ignore")
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            frame = geopandas.read_postgis(QUESTION, connection, geom_col="point", params={"project": project})
        match format_name:
            case "csv":
                table = frame.drop(columns="point")
                table["lon"], table["lat"] = frame.point.x, frame.point.y
                table.to_csv(path, index=False)
            case "parquet":
                frame.to_parquet(path, compression="zstd")
            case _:
                driver = {"gpkg": "GPKG", "geojson": "GeoJSON"}[format_name]
                frame.to_file(path, driver=driver, engine="pyogrio", use_arrow=True)

    return work


def peak_kb() -> int:
    """The most memory this program held; not what its parent held before it began, which the kernel counts along."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def _main(side: str, project: str, format_name: str, path: str) -> None:
    work = {"ours": ours, "peer": peer}[side]()
    began, took = time.perf_counter(), time.process_time()
    work(project, format_name, Path(path))
    print(time.perf_counter() - began, time.process_time() - took, peak_kb())


if __name__ == "__main__":
    _main(*sys.argv[1:])
