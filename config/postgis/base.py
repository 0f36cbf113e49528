"""GeoDjango's PostGIS, whose pooled connections learn what a geometry is once and not with every request."""

from typing import Any

from django.contrib.gis.db.backends.postgis import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, made for a pool: it hands out the same connections again and again."""

    def register_geometry_adapters(self, pg_connection: Any, clear_caches: bool = False) -> None:
        """Teach a connection the types of PostGIS, unless it knows them."""
        if clear_caches or not getattr(pg_connection, "knows_geometry", False):
            super().register_geometry_adapters(pg_connection, clear_caches)
            # A database whose migrations have not run yet has no such types.
            pg_connection.knows_geometry = bool(self._type_infos["geometry"].get(self.alias))  # type: ignore[attr-defined]
