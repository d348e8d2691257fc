"""Who signs a close, what they sign, and the proof of it that needs no store."""
