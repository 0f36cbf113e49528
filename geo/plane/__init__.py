"""Pure geometry of maps: coordinate systems, boxes, tiles; knows no Django and no database."""
