"""Figures, and the list behind each one."""
