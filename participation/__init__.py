"""Residents speak: organisations, people, projects, phases, proposals and ballots. Knows nothing of siting."""
