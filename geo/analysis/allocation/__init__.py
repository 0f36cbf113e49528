"""Which sites serve most people, or serve them best: location-allocation with a proven distance to the best answer."""
