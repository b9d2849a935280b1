"""The mesh body: a child made from real bone shapes, analytic vertebrae and soft tissue around them."""

from marrowmap.phantom.anatomy.mesh import MeshBody, mesh_body

__all__ = ["MeshBody", "mesh_body"]
