"""The addresses of the planner's workbench; reading them puts its pages into the desk's menu."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from participation.web.desk import desk_pages, town_pages
from siting.web import downloads, layers, workbench

urlpatterns = [
    path("desk/layers/", layers.layers_page, name="desk_layers"),
    path("desk/layers/<int:pk>/", layers.layer_page, name="desk_layer"),
    path("desk/layers/<int:pk>/change/", layers.change_layer, name="desk_layer_change"),
    path("desk/projects/<slug:slug>/map/", workbench.map_page, name="desk_map"),
    path("desk/projects/<slug:slug>/clusters.geojson", workbench.clusters_geojson, name="desk_clusters"),
    path("desk/projects/<slug:slug>/heat.png", workbench.heat_png, name="desk_heat"),
    path("desk/projects/<slug:slug>/export/", downloads.export_page, name="desk_export"),
]

town_pages += [("desk_layers", _("Layers"))]
desk_pages += [("desk_map", _("Map work")), ("desk_export", _("Downloads"))]
