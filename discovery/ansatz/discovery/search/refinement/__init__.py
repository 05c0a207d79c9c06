"""Refinement of a caller's ansatz: from a first guess to the law."""

from ansatz.discovery.search.refinement.refinement import Refinement

__all__ = ["Refinement"]
