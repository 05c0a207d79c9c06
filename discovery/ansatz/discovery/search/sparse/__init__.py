"""Sparse regression: the target as a short sum of terms and waves of the inputs."""

from ansatz.discovery.search.sparse.searcher import SparseRegression

__all__ = ["SparseRegression"]
