"""Training of the networks on digital children. The only room that imports torch."""
