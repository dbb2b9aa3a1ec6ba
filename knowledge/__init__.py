"""What the mission knows: reading documents, cutting passages, the register, the index and retrieval."""
