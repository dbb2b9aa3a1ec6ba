"""The Slack app: it translates between Slack and the assistant, and nothing else."""
