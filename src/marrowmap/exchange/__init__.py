"""Core objects to and from standards: DICOM, NIfTI, JSON. One file per standard."""
