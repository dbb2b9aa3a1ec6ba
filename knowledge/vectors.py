"""Products of vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def cosines(vectors: Vectors, others: Vectors) -> Vectors:
    """Cosine of each of `vectors`, shape (n, dimensions), to each of `others`, shape (m, dimensions) or (dimensions,).

    All are of unit length. Shape (n, m) or (n,).
    """
    # On some processors OpenBLAS flags an invalid operation on finite values, its result being right (numpy #24067).
    with np.errstate(invalid="ignore"):
        return np.asarray(vectors @ others.T, np.float32)
