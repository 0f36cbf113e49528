"""The addresses of the planner's workbench; reading them puts its pages into the desk's menu."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from participation.web.desk import desk_pages
from siting.web import downloads, drawn, keeping, workbench

urlpatterns = [
    path("desk/projects/<slug:slug>/map/", workbench.map_page, name="desk_map"),
    path("desk/projects/<slug:slug>/map/<slug:name>.geojson", drawn.drawn_geojson, name="desk_drawn"),
    path("desk/projects/<slug:slug>/map/heat.png", drawn.heat_png, name="desk_heat"),
    path("desk/projects/<slug:slug>/map/pins/<int:z>/<int:y>/<int:x>", drawn.pins_tile, name="desk_pins_tile"),
    path("desk/projects/<slug:slug>/map/file/", drawn.view_file, name="desk_view_file"),
    path("desk/projects/<slug:slug>/map/run/", keeping.run, name="desk_cluster_run"),
    path("desk/projects/<slug:slug>/clusters/", keeping.kept_page, name="desk_kept"),
    path("desk/projects/<slug:slug>/clusters/keep/", keeping.keep, name="desk_keep"),
    path("desk/projects/<slug:slug>/clusters/<int:number>/forget/", keeping.forget, name="desk_forget"),
    path("desk/projects/<slug:slug>/export/", downloads.export_page, name="desk_export"),
]

desk_pages += [("desk_map", _("Map work")), ("desk_export", _("Downloads"))]
