"""One file a format; `read.py` holds the table from suffix to reader."""
