"""Laws of other shape: activations over training, steps, inverted U, grokking, mixtures, straight lines."""

from __future__ import annotations

from ansatz.discovery.curves.laws.law import Law, Parameter, amplitude, floor, offset, positive, real

MASSIVE_ACTIVATIONS = Law(
    "massive_activations", "activation over training", ("t",),
    "A*exp(-lambda*(gamma*t + t0))*log(gamma*t + t0) + K",
    fit="exp(-beta*t)*(P*log(t + tau) + Q) + K",
    parameters=(
        amplitude("P"), offset("Q"), offset("K"), positive("beta", 1e-3, 30), positive("tau", 1e-4, 10, lower=1e-7),
    ),
    published={
        "A": "P*exp(beta*tau)", "lambda": "beta/exp(Q/P)", "gamma": "exp(Q/P)/t_", "t0": "tau*exp(Q/P)",
    },
    scaled=("t",), from_zero=True, flexible=True,
    source="arXiv:2508.03616",
)  # fmt: skip

FIRST_ORDER = Law(
    "first_order", "first-order step response", ("t",), "K + A*exp(-t/tau)",
    fit="K + A*exp(-r*t)", parameters=(offset("K"), offset("A"), positive("r", 1e-2, 100)),
    published={"tau": "t_/r"}, scaled=("t",), from_zero=True,
    straight="log(y - K) against t",
    source="control theory; a rival in arXiv:2508.03616",
)  # fmt: skip

SECOND_ORDER = Law(
    "second_order", "second-order step response", ("t",), "K + exp(-z*t)*(A*cos(w*t) + B*sin(w*t))",
    parameters=(
        offset("K"), offset("A"), offset("B"), positive("z", 1e-2, 50), positive("w", 1e-2, 10, upper=30),
    ),
    published={"z": "z/t_", "w": "w/t_"}, scaled=("t",), from_zero=True, flexible=True,
    source="control theory; a rival in arXiv:2508.03616",
)  # fmt: skip

RISE_AND_FALL = Law(
    "rise_and_fall", "power law with an exponential end (inverted U)", ("x",), "A*x**p*exp(-x/x0)",
    fit="A*x**p*exp(-r*x)", parameters=(amplitude("A"), positive("p", 0.05, 5), positive("r", 0.01, 10)),
    published={"A": "A/x_**p", "x0": "x_/r"}, scaled=("x",),
    source="composite: inverted U",
)  # fmt: skip

INVERTED_U = Law(
    "inverted_u", "bump in the logarithm (inverted U)", ("x",), "K + A*exp(-(log(x/x0)/w)**2)",
    parameters=(offset("K"), amplitude("A"), positive("x0", 0.05, 20), positive("w", 0.2, 10)),
    published={"x0": "x0*x_"}, scaled=("x",), flexible=True,
    source="composite: inverted U",
)  # fmt: skip

ONE_SIGMOID = Law(
    "one_sigmoid", "rising sigmoid in the logarithm", ("t",), "a + b/(1 + (d/t)**s)",
    parameters=(offset("a"), amplitude("b"), positive("d", 0.05, 20), positive("s", 0.5, 20)),
    published={"d": "d*t_"}, scaled=("t",), flexible=True,
    source="delayed generalisation, arXiv:2509.21519",
)  # fmt: skip

TWO_SIGMOIDS = Law(
    "two_sigmoids", "two rising sigmoids in the logarithm", ("t",), "a + b1/(1 + (d1/t)**s1) + b2/(1 + (d2/t)**s2)",
    parameters=(
        offset("a"), amplitude("b1"), amplitude("b2"),
        positive("d1", 0.02, 1), positive("s1", 0.5, 20), positive("d2", 1, 50), positive("s2", 0.5, 20),
    ),
    published={"d1": "d1*t_", "d2": "d2*t_"}, scaled=("t",), flexible=True,
    source="delayed generalisation (grokking), arXiv:2509.21519",
)  # fmt: skip

GROKKING_BOUNDARY = Law(
    "grokking_boundary", "boundary of generalisation", ("M",), "a*M*log(M)",
    parameters=(amplitude("a"),),
    source="arXiv:2509.21519",
)  # fmt: skip

EXPONENTIAL = Law(
    "exponential", "exponential", ("t",), "A*exp(r*t)",
    parameters=(amplitude("A"), real("r", -20, 5)), published={"r": "r/t_"}, scaled=("t",), from_zero=True,
    straight="log(y) against t",
    source="baseline",
)  # fmt: skip

CONSTANT = Law("constant", "constant", (), "K", parameters=(offset("K"),), source="baseline")

LINE = Law(
    "line", "straight line", ("x",), "K + a*x", fit="K + a*x", parameters=(offset("K"), offset("a")),
    published={"a": "a/x_"}, scaled=("x",), from_zero=True,
    straight="y against x",
    source="baseline",
)  # fmt: skip

LOGARITHM = Law(
    "logarithm", "straight line in the logarithm", ("x",), "K + a*log(x)",
    fit="K + a*log(x)", parameters=(offset("K"), offset("a")),
    published={"K": "K - a*log(x_)"}, scaled=("x",),
    straight="y against log(x)",
    source="baseline; log-linear constants in arXiv:2505.22617",
)  # fmt: skip


def mixture(inputs: int) -> Law:
    """Return the law of a mixture of `inputs` sources, by their shares; one share fewer than there are sources."""
    shares = tuple(f"r{i + 1}" for i in range(inputs))
    rates = tuple(f"t{i + 1}" for i in range(inputs))
    total = " + ".join(f"{t}*{r}" for t, r in zip(rates, shares, strict=True))
    parameters: tuple[Parameter, ...] = (floor("c"), amplitude("k"), *(real(t, -5, 5, -100, 100) for t in rates))
    return Law(
        f"mixture_{inputs}", "loss of a data mixture", shares, f"c + k*exp({total})", parameters=parameters,
        from_zero=True, shares=True, source="Ye et al. 2024, arXiv:2403.16952",
    )  # fmt: skip
