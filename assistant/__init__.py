"""From a question to a checked, cited answer, and the channels that carry it."""
