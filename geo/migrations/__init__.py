"""The tables that serve tiles, and the functions that fill them."""
