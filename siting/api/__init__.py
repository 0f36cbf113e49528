"""The planner's acts for programs; config/api.py joins them with those of participation."""
