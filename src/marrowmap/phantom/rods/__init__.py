"""A plain child of rods and ellipsoids: a second skeleton to train on, never to test with.

It shares the joints' code and the lengths with the child of rods, but draws them far more widely; bones, outline and
organs are its own.
"""

from marrowmap.phantom.rods.body import RodBody, rod_body

__all__ = ["RodBody", "rod_body"]
