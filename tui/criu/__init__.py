"""Members to CRIU: what the images of a checkpoint say about its processes."""
