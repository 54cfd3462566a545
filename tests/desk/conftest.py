"""The scene of the services' tests: an outlet that publishes, editors, and a case book that must balance after each test."""

from tests.services.conftest import _running_origin, fetch_allow, origin, other_process, scene

__all__ = ["_running_origin", "fetch_allow", "origin", "other_process", "scene"]
