"""What can go wrong above the knowledge.

AssistantError
├── SettingsError        a setting that cannot be used
├── QuestionError        a question that cannot be asked (empty, too long)
└── CitationError        a quote that is not in its passage; never shown, always logged
"""


class AssistantError(Exception):
    """Base of every error of this package; `str(error)` is the one line a user reads."""


class SettingsError(AssistantError):
    """A setting that cannot be used."""


class QuestionError(AssistantError):
    """A question that cannot be asked."""


class CitationError(AssistantError):
    """A quote that does not stand in its passage."""
