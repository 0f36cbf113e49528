"""Says which clusters the pins of a project make."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from geo.analysis.clusters import MAX_RADIUS_M, InvalidMinimum, InvalidRadius
from participation.management.operating import OperatorCommand, project_called
from siting.rules.settings import Grouping, Method
from siting.selectors.clusters import clusters_of


class Command(OperatorCommand):
    """Group the pins of a project."""

    help = "Group the public pins of a project into clusters (DBSCAN or HDBSCAN, in metres), heaviest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("--project", required=True, metavar="SLUG", help="slug, or organisation/slug")
        parser.add_argument(
            "--radius-m", type=float, metavar="R", help="distance between pins; HDBSCAN does not part nearer ones"
        )
        parser.add_argument("--min-count", required=True, type=int, metavar="K", help="least number of pins")
        parser.add_argument("--method", choices=list(Method), default=Method.DBSCAN)
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Group and print."""
        method = Method(options["method"])
        if options["radius_m"] is None and method is Method.DBSCAN:
            raise CommandError(_("Say with --radius-m how far apart pins of a cluster may lie."))
        project = project_called(options["project"])
        began = time.monotonic()
        try:
            found = clusters_of(project, Grouping(options["radius_m"] or 0.0, options["min_count"], method=method))
        except InvalidRadius:
            limit = {"most": int(MAX_RADIUS_M)}
            raise CommandError(_("--radius-m must be above 0 and at most %(most)s.") % limit) from None
        except InvalidMinimum:
            least = {"least": 2 if method is Method.HDBSCAN else 1}
            raise CommandError(_("--min-count must be at least %(least)s.") % least) from None
        clusters = [
            {"number": c.number, "n": c.n, "weight": c.weight, "lon": c.lon, "lat": c.lat} for c in found.groups
        ]
        result: dict[str, object] = {
            "n_points": len(found.labels),
            "n_clusters": len(found.groups),
            "n_noise": found.n_noise,
            "seconds": round(time.monotonic() - began, 3),
            "clusters": clusters,
        }
        lines = [_("%(n_points)s pins, %(n_clusters)s clusters, %(n_noise)s pins in none") % result]
        lines += ["{number:>5}  {n:>6}  {weight:>8.0f}  {lon:.6f} {lat:.6f}".format(**c) for c in clusters]
        self.answer(result, "\n".join(lines), as_json=options["json"])
