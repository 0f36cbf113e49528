"""Storeys: unit (no database), integration (PostGIS), journeys (Chromium), contracts, drills, benchmarks."""
