"""Which rows no law explains that explains all others? They are set apart where the evidence is clear, and told."""

from ansatz.discovery.evidence.apart.laws import Formula
from ansatz.discovery.evidence.apart.question import rows_apart, rows_far_off

__all__ = ["Formula", "rows_apart", "rows_far_off"]
