"""The only readers with a condition: every question of the database has its name here."""
