"""Measuring answers: cases, scorers, metrics, runs and reports."""
