"""Planners decide: clusters, heat maps and shortlists made from what residents said."""
