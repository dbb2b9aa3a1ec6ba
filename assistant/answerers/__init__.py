"""The two ways to write an answer: extracted sentences, or a chat model held to its sources."""
