"""Core objects to page and paper."""
