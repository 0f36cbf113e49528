"""The addresses of the planner's workbench; reading them puts its pages into the desk's menu."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from participation.web.desk import desk_pages
from siting.web import downloads, workbench

urlpatterns = [
    path("desk/projects/<slug:slug>/map/", workbench.map_page, name="desk_map"),
    path("desk/projects/<slug:slug>/clusters.geojson", workbench.clusters_geojson, name="desk_clusters"),
    path("desk/projects/<slug:slug>/heat.png", workbench.heat_png, name="desk_heat"),
    path("desk/projects/<slug:slug>/export/", downloads.export_page, name="desk_export"),
]

desk_pages += [("desk_map", _("Map work")), ("desk_export", _("Downloads"))]
