"""podthaw: look into a container checkpoint, see what blocks its restore, and restore it."""

__version__ = "0.1.0"
