"""The spatial toolkit: planes, tiles, clusters, density, formats, live layers. Knows nothing of votes."""
