"""Other systems, run on the same cases so that better means better than those."""
