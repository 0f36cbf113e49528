"""Questions planners ask of many pins at once: arrays in, arrays out."""
