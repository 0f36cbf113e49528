"""The acts of the pages for programs: same rules, same refusals, as JSON."""
