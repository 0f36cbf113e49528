"""The addresses of map data; included at the root, so that they read /ogc/... and /export/..."""

from django.urls import path

from geo.ogc import downloads, features, tiles

urlpatterns = [
    path("ogc/", features.landing, name="ogc_landing"),
    path("ogc/conformance", features.conformance, name="ogc_conformance"),
    path("ogc/api", features.api, name="ogc_api"),
    path("ogc/collections", features.collections, name="ogc_collections"),
    path("ogc/collections/<str:layer>", features.collection, name="ogc_collection"),
    path("ogc/collections/<str:layer>/queryables", features.queryables, name="ogc_queryables"),
    path("ogc/collections/<str:layer>/items", features.items, name="ogc_items"),
    path("ogc/collections/<str:layer>/items/<str:key>", features.item, name="ogc_item"),
    path("ogc/tileMatrixSets", tiles.matrix_sets, name="ogc_matrix_sets"),
    path("ogc/tileMatrixSets/<str:matrix>", tiles.matrix_set, name="ogc_matrix_set"),
    path("ogc/collections/<str:layer>/tiles", tiles.tile_sets, name="tile_sets"),
    path("ogc/collections/<str:layer>/tiles/<str:matrix>", tiles.tile_set, name="tile_set"),
    path("ogc/collections/<str:layer>/tiles/<str:matrix>/<str:z>/<str:y>/<str:x>", tiles.vector, name="tile"),
    path("export/<str:name>", downloads.export, name="export"),
    path("export/<str:name>/about", downloads.export_about, name="export_about"),
]
