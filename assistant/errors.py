"""What can go wrong above the knowledge.

AssistantError
├── SettingsError        a setting that cannot be used
├── QuestionError        a question that cannot be asked (empty, too long)
├── AnswerLogError       the answer log cannot be used
├── ServerError          the service cannot start, or a running one cannot be asked
├── BackupError          a backup that cannot be made or restored
├── Stopped              nobody waits for the answer any more
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


class AnswerLogError(AssistantError):
    """The answer log cannot be written or read."""


class ServerError(AssistantError):
    """The service cannot start, or a running one cannot be asked."""


class BackupError(AssistantError):
    """A backup that cannot be made, or one that is not whole."""


class Stopped(AssistantError):
    """Work given up because nobody waits for its result any more."""
