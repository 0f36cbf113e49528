"""The addresses of map data; included at the root, so that they read /ogc/... and /export/..."""

from django.urls import path

from geo.ogc import tiles

urlpatterns = [
    path(
        "ogc/collections/<str:layer>/tiles/<str:matrix>/<str:z>/<str:y>/<str:x>",
        tiles.vector,
        name="tile",
    ),
]
