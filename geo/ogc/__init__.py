"""The web side of map data: tiles, OGC API Features, downloads."""
