"""marrowmap: from a child's whole-body MRI to a map of bone-marrow lesions that a person confirms and scores."""

__version__ = "0.1.0"
