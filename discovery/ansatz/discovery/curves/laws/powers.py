"""Power laws of one variable: alone, over a floor, in sums, broken, bent down at the end."""

from __future__ import annotations

from ansatz.discovery.curves.laws.law import Law, amplitude, exponent, floor, positive, real

POWER = Law(
    "power", "power law", ("x",), "(x/x0)**beta",
    fit="A*x**beta", parameters=(amplitude("A"), real("beta", -2, 2, -30, 30)),
    published={"x0": "x_*A**(-1/beta)"}, scaled=("x",),
    straight="log(y) against log(x)",
    source="Henighan et al. 2020, arXiv:2010.14701 (compute-optimal size)",
)  # fmt: skip

POWER_FLOOR = Law(
    "power_floor", "power law over a floor", ("x",), "L0 + (x0/x)**alpha",
    fit="L0 + A*x**(-alpha)", parameters=(floor("L0"), amplitude("A"), exponent("alpha")),
    published={"x0": "x_*A**(1/alpha)"}, scaled=("x",),
    straight="log(y - L0) against log(x)",
    limit="L0",
    source="Henighan et al. 2020, arXiv:2010.14701",
)  # fmt: skip

TWO_POWERS = Law(
    "two_powers", "two power laws over a floor", ("x",), "L0 + A*x**(-alpha) + B*x**(-beta)",
    parameters=(floor("L0"), amplitude("A"), amplitude("B"), exponent("alpha", 0.02, 1), exponent("beta", 0.3, 4)),
    published={"A": "A*x_**alpha", "B": "B*x_**beta"}, scaled=("x",), flexible=True,
    limit="L0",
    source="composite: a floor and a sum of powers",
)  # fmt: skip

BROKEN_ONCE = Law(
    "broken_once", "power law with one break", ("x",), "a + b*x**(-c0)*(1 + (x/d1)**(1/f1))**(-c1*f1)",
    parameters=(
        floor("a"), amplitude("b"), real("c0", -1, 1, -10, 10), real("c1", -2, 2, -10, 10),
        positive("d1", 0.05, 20), positive("f1", 0.05, 1, upper=10, lower=0.01),
    ),
    published={"b": "b*x_**c0", "d1": "d1*x_"}, scaled=("x",), flexible=True,
    breaks=("d1",),
    limit="a",
    source="Caballero et al. 2022, arXiv:2210.14891",
)  # fmt: skip

BROKEN_TWICE = Law(
    "broken_twice", "power law with two breaks", ("x",),
    "a + b*x**(-c0)*(1 + (x/d1)**(1/f1))**(-c1*f1)*(1 + (x/d2)**(1/f2))**(-c2*f2)",
    parameters=(
        floor("a"), amplitude("b"), real("c0", -1, 1, -10, 10), real("c1", -2, 2, -10, 10),
        positive("d1", 0.02, 1), positive("f1", 0.05, 1, upper=10, lower=0.01), real("c2", -2, 2, -10, 10),
        positive("d2", 1, 50), positive("f2", 0.05, 1, upper=10, lower=0.01),
    ),
    published={"b": "b*x_**c0", "d1": "d1*x_", "d2": "d2*x_"}, scaled=("x",), flexible=True,
    breaks=("d1", "d2"),
    limit="a",
    source="Caballero et al. 2022, arXiv:2210.14891",
)  # fmt: skip

ANNEALED = Law(
    "annealed", "power law over a floor, bent down from a step on", ("S",),
    "L0 + (S0/S)**alpha - k*max(0, S - S1)",
    fit="L0 + A*S**(-alpha) - k*max(0, S - S1)",
    parameters=(floor("L0"), amplitude("A"), amplitude("k"), exponent("alpha"), positive("S1", 0.1, 5)),
    published={"S0": "S_*A**(1/alpha)", "k": "k/S_", "S1": "S1*S_"}, scaled=("S",), flexible=True,
    breaks=("S1",),
    source="learning-rate decay, cf. Tissue et al. 2024, arXiv:2408.11029",
)  # fmt: skip

ANNEALED_BY_RATE = Law(
    "annealed_by_rate", "power law of the summed learning rate, less an annealing term", ("T", "H"),
    "L0 + (T0/T)**alpha - k*H",
    fit="L0 + A*T**(-alpha) - k*H", parameters=(floor("L0"), amplitude("A"), amplitude("k"), exponent("alpha")),
    published={"T0": "T_*A**(1/alpha)", "k": "k/H_"}, scaled=("T", "H"), from_zero=True,
    roles={"T": "lr_sum", "H": "lr_drop"},
    source="Tissue et al. 2024, arXiv:2408.11029",
)  # fmt: skip
