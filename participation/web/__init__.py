"""Pages for residents and staff: forms and thin views; the only floor that reads the clock."""
