"""Training of the two networks on digital children. The only room that imports torch."""
