"""Measuring the product on children whose truth is known."""
