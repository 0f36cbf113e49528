"""The only writers of siting's tables."""
