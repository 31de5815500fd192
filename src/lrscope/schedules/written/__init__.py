"""Schedules as text and as JSON."""
