"""One run of Operon: a genetic algorithm over trees, constants fitted by Levenberg-Marquardt.

Burlacu, Kronberger, Kommenda, "Operon C++", GECCO 2020; NSGA-II on normalised mean squared error and length.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.search.evolution.operon_tree import TreeNode

_UNLIMITED: Final = 2**62
"""Evaluations: a run is ended by its generations."""
_OBJECTIVES: Final = 2


@dataclass(frozen=True)
class _Settings:
    """Set the genetic algorithm.

    Population and local iterations were chosen in trials on known laws; `python -m bench.recovery --engine operon`
    holds them. From `depth` to `crossover` they are the defaults of pyoperon's SymbolicRegressor. The rest was chosen
    by judgement.

    Attributes:
        population: trees, and offspring of each generation.
        local_iterations: of Levenberg-Marquardt on the constants of each offspring.
        depth: of a tree.
        tournament: trees of which the best becomes a parent.
        first_length: nodes of a tree drawn at random, at most.
        mutation: probability that an offspring is mutated.
        crossover: probability that a subtree exchanged is no leaf.
        seeds: that a run begins with.
        unfit: error from which on a tree counts as not finite on the rows.
        epsilon: difference of objectives that counts for none.
    """

    population: int = 500
    local_iterations: int = 5
    depth: int = 10
    tournament: int = 5
    first_length: int = 10
    mutation: float = 0.25
    crossover: float = 0.9
    seeds: int = 50
    unfit: float = 1e6
    epsilon: float = 1e-6


_SETTINGS: Final = _Settings()


@dataclass(frozen=True)
class Member:
    """Hold a member of the Pareto front.

    Attributes:
        error: normalised mean squared error in single precision; 1 is that of the mean of y.
        length: nodes.
        tree: in postfix order.
    """

    error: float
    length: int
    tree: tuple[TreeNode, ...]


class Evolution:
    """Run over `generations`, the same for the same seed and the same first trees (one thread).

    `X` of shape `(n, d)` and `y` of shape `(n,)` must be finite and within single precision: Operon computes in
    float32, and says nothing where that breaks.
    """

    def __init__(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        primitives: Sequence[str],
        *,
        max_length: int,
        generations: int,
        seed: int,
    ) -> None:
        import pyoperon as op

        self._dataset = op.Dataset(np.asfortranarray(np.column_stack((X, y))))
        *inputs, target = sorted(self._dataset.Variables, key=lambda v: v.Index)
        self.input_hashes: list[int] = [v.Hash for v in inputs]
        self._problem = op.Problem(self._dataset)
        self._problem.TrainingRange = op.Range(0, self._dataset.Rows)
        self._problem.TestRange = op.Range(self._dataset.Rows - 1, self._dataset.Rows)
        self._problem.Target = target
        self._problem.InputHashes = self.input_hashes
        self._problem.ConfigurePrimitiveSet(sum(int(getattr(op.NodeType, name)) for name in primitives))
        # A property that returns a copy: the parts that point to it need one that lives.
        self._primitives = self._problem.PrimitiveSet
        self._offered = frozenset(primitives)
        self._max_length = max_length
        self.generations = generations
        self._random = op.RandomGenerator(seed)
        # Operon's parts hold plain pointers to each other: everything made is kept alive here.
        self._parts: list[Any] = []
        self._evaluators = self._make_evaluators()
        self._algorithm = self._make_algorithm(seed)

    def run(
        self, after_generation: Callable[[int, list[Member]], bool], seeds: Sequence[Sequence[TreeNode]] = ()
    ) -> None:
        """Evolve until the generations are done or `after_generation(generation, front)` is true.

        The first population is drawn at random, but for the trees of `seeds`. Those that hold a node type that was not
        offered, are beyond the bounds of size, or are not finite on the rows, are left out.
        The callback runs on a thread of Operon's; an error it raises ends the run and is raised here. The interpreter
        lock is released meanwhile. A run cannot be stopped within a generation.
        """
        failure: Exception | None = None

        def callback() -> None:
            nonlocal failure
            # Operon ignores what a callback returns and swallows what it raises; no evaluations left ends the run.
            try:
                stop = after_generation(self._algorithm.Generation, self._front())
            except Exception as error:  # raised below
                failure, stop = error, True
            # A process whose main thread has ended must not wait for its searches.
            if stop or not threading.main_thread().is_alive():
                for evaluator in self._evaluators:
                    evaluator.Budget = 0

        import pyoperon as op

        self._algorithm.RestoreIndividuals(op.IndividualCollection(self._first_individuals(seeds)))
        self._algorithm.IsFitted = True  # else the first population is drawn anew
        self._algorithm.Run(self._random, callback, 1, True)
        if failure is not None:
            raise failure

    def _first_individuals(self, seeds: Sequence[Sequence[TreeNode]]) -> list[Any]:
        """Return the first population, and as many places for the offspring."""
        import pyoperon as op

        individuals = [i for i in map(self._seeded, seeds[: _SETTINGS.seeds]) if i is not None]
        while len(individuals) < _SETTINGS.population:
            tree = self._creator(self._random)
            self._coefficients(self._random, tree)
            individuals.append(self._evaluated(tree))
        return individuals + [op.Individual(_OBJECTIVES) for _ in range(_SETTINGS.population)]

    def _seeded(self, nodes: Sequence[TreeNode]) -> Any | None:
        import pyoperon as op

        if not {n.type for n in nodes} <= self._offered or len(nodes) > self._max_length:
            return None
        tree = op.Tree([_operon_node(n) for n in nodes]).UpdateNodes()
        if tree.Depth > _SETTINGS.depth:
            return None
        individual = self._evaluated(tree)
        return individual if individual.GetFitness(0) < _SETTINGS.unfit else None

    def _evaluated(self, tree: Any) -> Any:
        import pyoperon as op

        individual = op.Individual(_OBJECTIVES)
        individual.Genotype = tree
        for objective, value in enumerate(self._evaluators[-1](self._random, individual)):
            individual.SetFitness(value, objective)
        return individual

    def _front(self) -> list[Member]:
        front = self._algorithm.BestFront  # iterating alone does not keep it alive, and copying a tree crashes
        return [Member(m.GetFitness(0), int(m.GetFitness(1)), _read(m.Genotype)) for m in front]

    def _keep(self, part: Any) -> Any:
        self._parts.append(part)
        return part

    def _make_evaluators(self) -> list[Any]:
        import pyoperon as op

        table = self._keep(op.DispatchTable())
        error = op.Evaluator(self._problem, table, self._keep(op.NMSE()), True)
        length = op.LengthEvaluator(self._problem)
        both = op.MultiEvaluator(self._problem)
        both.Add(error)
        both.Add(length)
        for evaluator in (error, length, both):
            evaluator.Budget = _UNLIMITED
        self._optimizer = op.LMOptimizer(table, self._problem, _SETTINGS.local_iterations, 0)
        return [error, length, both]

    def _make_algorithm(self, seed: int) -> Any:
        import pyoperon as op

        creator = self._keep(op.BalancedTreeCreator(self._primitives, self.input_hashes, 0.0))
        self._coefficients = coefficients = self._keep(op.NormalCoefficientInitializer())
        coefficients.ParameterizeDistribution(0, 1)
        self._creator = first = self._keep(op.UniformLengthTreeInitializer(creator))
        first.ParameterizeDistribution(2, max(2, min(_SETTINGS.first_length, self._max_length)))
        first.MinDepth, first.MaxDepth = 1, 1000
        comparison = self._keep(op.CrowdedComparison())
        config = op.GeneticAlgorithmConfig(
            generations=self.generations, max_evaluations=_UNLIMITED, local_iterations=_SETTINGS.local_iterations,
            population_size=_SETTINGS.population, pool_size=_SETTINGS.population, p_crossover=1.0,
            p_mutation=_SETTINGS.mutation, p_local=1.0, p_lamarck=1.0, epsilon=_SETTINGS.epsilon, seed=seed,
        )  # fmt: skip
        generator = self._make_generator(creator, coefficients, comparison)
        reinserter = self._keep(op.KeepBestReinserter(comparison))
        sorter = self._keep(op.RankSorter())
        return op.NSGA2Algorithm(self._keep(config), self._problem, first, coefficients, generator, reinserter, sorter)

    def _make_generator(self, creator: Any, coefficients: Any, comparison: Any) -> Any:
        import pyoperon as op

        selectors = [self._keep(op.TournamentSelector(comparison)) for _ in range(2)]
        for selector in selectors:
            selector.TournamentSize = _SETTINGS.tournament
        crossover = self._keep(op.SubtreeCrossover(_SETTINGS.crossover, _SETTINGS.depth, self._max_length))
        mutation = self._keep(op.MultiMutation())
        for part in self._mutations(creator, coefficients):
            mutation.Add(self._keep(part), 1.0)
        local_search = self._keep(op.CoefficientOptimizer(self._optimizer))
        return self._keep(
            op.BasicOffspringGenerator(self._evaluators[-1], crossover, mutation, *selectors, local_search)
        )

    def _mutations(self, creator: Any, coefficients: Any) -> list[Any]:
        import pyoperon as op

        points = [op.NormalOnePointMutation(), op.NormalMultiPointMutation()]
        for point in points:
            point.ParameterizeDistribution(0, 1)
        limits = (_SETTINGS.depth, self._max_length)
        return [
            *points,
            op.ChangeVariableMutation(self.input_hashes),
            op.ChangeFunctionMutation(self._primitives),
            op.ReplaceSubtreeMutation(creator, coefficients, *limits),
            op.InsertSubtreeMutation(creator, coefficients, *limits),
            op.RemoveSubtreeMutation(self._primitives),
        ]


def _read(tree: Any) -> tuple[TreeNode, ...]:
    return tuple(TreeNode(n.Type.name, n.Arity, n.Value, n.HashValue if n.IsVariable else 0) for n in tree.Nodes)


def _operon_node(node: TreeNode) -> Any:
    import pyoperon as op

    kind = getattr(op.NodeType, node.type)
    made = op.Node(kind, node.variable) if node.variable else op.Node(kind)
    if node.arity == 0:
        made.Value = node.value
    return made
