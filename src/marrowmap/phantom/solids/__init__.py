"""Solids with signed distances, the bones made of them, and how both are painted: for bodies that are formulas."""
