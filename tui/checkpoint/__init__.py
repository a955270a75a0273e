"""Members to a Checkpoint: its documents, raw and typed, and what they mean."""
