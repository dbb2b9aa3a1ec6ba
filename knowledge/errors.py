"""Everything that can go wrong below the assistant, each with a message that says what, where and what to do.

KnowledgeError
├── ReadError            a file that cannot become a document
├── MetadataError        front matter or a manifest that cannot be understood
├── QuarantineError      a document marked higher than the operator vouches for
├── UnknownDocument      an id that the register does not hold
├── IndexLocked          another process owns FOCAL_HOME
├── IndexMismatch        the index was built with another model or schema
├── IndexDamaged         the stores disagree or cannot be opened
└── ModelError           the embedding model is missing or is not the expected one
"""


class KnowledgeError(Exception):
    """Base of every error of this package; `str(error)` is the one line a user reads."""


class ReadError(KnowledgeError):
    """A file that cannot become a document; the message does not repeat the file name."""


class MetadataError(KnowledgeError):
    """Front matter or a manifest entry that cannot be understood."""


class QuarantineError(KnowledgeError):
    """A document whose own marking is higher than the level it was brought in at."""


class UnknownDocument(KnowledgeError):
    """A document id that the register does not hold."""


class IndexLocked(KnowledgeError):
    """Another process owns the index."""


class IndexMismatch(KnowledgeError):
    """The index was built with another embedding model or schema."""


class IndexDamaged(KnowledgeError):
    """The two stores disagree, or one cannot be opened."""


class ModelError(KnowledgeError):
    """The embedding model is missing, or its bytes are not the expected ones."""
