"""Files in and out, one module a format; they do not know each other."""
