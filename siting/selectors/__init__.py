"""What planners read."""
