"""Operon's trees mean the same as formulas as they mean to Operon."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery.expression import Variable, evaluate
from ansatz.discovery.expression.node import UNARY_FUNCTIONS
from ansatz.discovery.search.evolution.operon_tree import TreeNode, affine, primitives, to_formula

op = pytest.importorskip("pyoperon")


@pytest.mark.parametrize("name", [n for n in primitives(UNARY_FUNCTIONS) if n not in ("Constant", "Variable")])
def test_every_node_type_means_what_operon_computes(name: str) -> None:
    X = np.asfortranarray(np.array([[0.3, 0.8, 0.0], [0.7, 0.4, 0.0], [0.5, 0.9, 0.0]]))
    data = op.Dataset(X)
    a, b, _ = sorted(data.Variables, key=lambda v: v.Index)
    nodes = []
    for variable, coefficient in ((b, 0.9), (a, 1.0)):  # the first argument comes last
        node = op.Node(op.NodeType.Variable, variable.Hash)
        node.Value = coefficient
        nodes.append(node)
    top = op.Node(getattr(op.NodeType, name))
    tree = op.Tree([*nodes[2 - top.Arity :], top]).UpdateNodes()
    theirs = op.Evaluate(op.DispatchTable(), tree, data, op.Range(0, 3))
    read = [TreeNode(n.Type.name, n.Arity, n.Value, n.HashValue) for n in tree.Nodes]
    ours = evaluate(to_formula(read, {a.Hash: Variable("a"), b.Hash: Variable("b")}), {"a": X[:, 0], "b": X[:, 1]}, 3)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_an_unknown_node_is_refused() -> None:
    with pytest.raises(ValueError, match="Floor"):
        to_formula([TreeNode("Constant", 0, 1.5, 0), TreeNode("Floor", 1, 1.0, 0)], {})


def test_an_infinite_constant_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        to_formula([TreeNode("Constant", 0, float("inf"), 0)], {})


def test_scaling_that_does_nothing_is_left_out() -> None:
    assert affine(Variable("x"), 1.0, 0.0) == Variable("x")
