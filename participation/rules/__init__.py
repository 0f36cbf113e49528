"""Pure rules: what may be done, and if not, because of which code. No database, clock, request or Django."""
