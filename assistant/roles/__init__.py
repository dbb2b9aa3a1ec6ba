"""Roles as data, and the briefing composed from the loaded documents."""
