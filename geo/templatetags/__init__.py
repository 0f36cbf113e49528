"""Filters for the pages of map data."""
