"""The same objects as the screens show, as text and as JSON."""
