"""Shares that keep their denominators, and how far readers agree."""
