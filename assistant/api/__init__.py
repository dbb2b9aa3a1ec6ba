"""The HTTP service: routes over the assistant, and the page."""
