"""What may be asked for, and words that stand out: no database, no request."""
