"""Takes rows of other people's files in: proposals, supports and neighbourhoods, each row or its refusal."""
