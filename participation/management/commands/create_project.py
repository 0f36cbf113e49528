"""Opens a project in a town."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import shapely
from django.contrib.gis.geos import MultiPolygon
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from geo.plane import boxes
from participation.management.operating import OperatorCommand, rows_of_file
from participation.queries.voting import database_now
from participation.rules.phases import PhaseKind
from participation.rules.refusals import Refused
from participation.rules.templates import TEMPLATES
from participation.rules.voting import Method
from participation.services.importing.areas import surface
from participation.services.project_setup import create_project
from participation.web.sentences import sentence

CENTS = 100


class Command(OperatorCommand):
    """Open a project."""

    help = "Make a project, open at once in the phase named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which options there are."""
        parser.add_argument("slug", help="the project's address: small letters, digits, hyphens")
        parser.add_argument("--organisation", required=True, metavar="SLUG", help="the town")
        parser.add_argument(
            "--new-organisation", default="", metavar="NAME", help="make the town, called so, if needed"
        )
        parser.add_argument("--title", required=True)
        parser.add_argument(
            "--template", choices=sorted(TEMPLATES), help="begin with the texts and rules of such projects"
        )
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--area", metavar="FILE", help="a file of polygons; the area is all of them together")
        where.add_argument("--bbox", metavar="w,s,e,n", help="the area as a box in degrees")
        where.add_argument("--no-map", action="store_true", help="a project that is not about places")
        parser.add_argument("--crs", metavar="EPSG:n", help="the plane of the file, where it does not say so itself")
        parser.add_argument("--phase", choices=[kind.value for kind in PhaseKind], default=PhaseKind.PROPOSE.value)
        parser.add_argument(
            "--method",
            choices=[method.value for method in Method],
            help="how one votes, where it is not as the template says",
        )
        parser.add_argument("--budget", type=float, metavar="EUROS", help="what there is to spend (--method budget)")
        self.add_json(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the project."""
        project = create_project(
            organisation=options["organisation"],
            new_organisation=options["new_organisation"],
            slug=options["slug"],
            title=options["title"],
            area=self.area(options),
            phase=PhaseKind(options["phase"]),
            template=TEMPLATES[options["template"]] if options["template"] else None,
            method=Method(options["method"]) if options["method"] else None,
            budget_cents=round(options["budget"] * CENTS) if options["budget"] else None,
            now=database_now(),
        )
        town = project.organisation.slug
        result: dict[str, object] = {
            "organisation": town,
            "project": project.slug,
            "phase": options["phase"],
            "has_map": project.area is not None,
        }
        words = _("%(organisation)s/%(project)s is open (%(phase)s).") % result
        self.answer(result, words, as_json=options["json"])

    def area(self, options: dict[str, Any]) -> MultiPolygon | None:
        """Read the area from what was given."""
        if options["no_map"]:
            return None
        if options["bbox"]:
            try:
                shape = boxes.parse(options["bbox"]).outline()
            except boxes.BadBox as error:
                raise CommandError(
                    _("“%(bbox)s” is not a box. Give west,south,east,north in degrees.")
                    % {"bbox": options["bbox"][:100]}
                ) from error
        else:
            shapes = []
            with rows_of_file(Path(options["area"]), crs=options["crs"]) as rows:
                for row in rows:
                    if row.fault is not None:
                        raise CommandError(_("Line %(line)s: %(why)s") % {"line": row.line, "why": row.fault.sentence})
                    if row.geometry is not None:
                        shapes.append(shapely.make_valid(row.geometry))
            shape = shapely.union_all(shapes) if shapes else None
        try:
            area, _repaired = surface(shape)
        except Refused as refused:
            raise CommandError(
                _("The area cannot be used. %(why)s") % {"why": sentence(refused.code, refused.facts)}
            ) from refused
        return area
