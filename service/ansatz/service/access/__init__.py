"""Who calls, and what they may do."""

from ansatz.service.access.access import ANYBODY, Access, Caller, Role

__all__ = ["ANYBODY", "Access", "Caller", "Role"]
