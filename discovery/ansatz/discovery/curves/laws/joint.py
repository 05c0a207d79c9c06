"""Laws of model size with data, steps, compute or batch size."""

from __future__ import annotations

from ansatz.discovery.curves.laws.law import Law, amplitude, exponent, floor, positive, real

ADDITIVE = Law(
    "additive", "additive in size and data", ("N", "D"), "E + A/N**alpha + B/D**beta",
    parameters=(floor("E"), amplitude("A"), amplitude("B"), exponent("alpha"), exponent("beta")),
    published={"A": "A*N_**alpha", "B": "B*D_**beta"}, scaled=("N", "D"), symmetric=True,
    limit="E",
    source="Hoffmann et al. 2022, arXiv:2203.15556",
)  # fmt: skip

ADDITIVE_TIED = Law(
    "additive_tied", "additive in size and data, one exponent", ("N", "D"), "E + A/N**alpha + B/D**alpha",
    parameters=(floor("E"), amplitude("A"), amplitude("B"), exponent("alpha")),
    published={"A": "A*N_**alpha", "B": "B*D_**alpha"}, scaled=("N", "D"), symmetric=True,
    limit="E",
    source="over-training law of Gadre et al. 2024, arXiv:2403.08540, in size and data",
)  # fmt: skip

OVER_TRAINING = Law(
    "over_training", "over-training law of compute and tokens per parameter", ("C", "M"),
    "E + (a*M**eta + b*M**(-eta))*C**(-eta)",
    parameters=(floor("E"), amplitude("a"), amplitude("b"), exponent("eta", 0.02, 1)),
    published={"a": "a*(C_/M_)**eta", "b": "b*(C_*M_)**eta"}, scaled=("C", "M"),
    limit="E",
    source="Gadre et al. 2024, arXiv:2403.08540",
)  # fmt: skip

POWER_OF_COMPUTE = Law(
    "power_of_compute", "power law of compute over a floor", ("C",), "L0 + (C0/C)**alpha",
    fit="L0 + A*C**(-alpha)", parameters=(floor("L0"), amplitude("A"), exponent("alpha")),
    published={"C0": "C_*A**(1/alpha)"}, scaled=("C",),
    limit="L0",
    source="Henighan et al. 2020, arXiv:2010.14701",
)  # fmt: skip
"""As `powers.POWER_FLOOR`, by the name of its scale; listed only where compute follows from size and data."""

KAPLAN = Law(
    "kaplan", "joint law of size and data", ("N", "D"), "((Nc/N)**(aN/aD) + Dc/D)**aD",
    fit="A*(N**(-p) + q/D)**aD",
    parameters=(
        amplitude("A"), exponent("p", 0.2, 3), exponent("aD", 0.02, 1), positive("q", 0.01, 100, lower=1e-6),
    ),
    published={"Nc": "N_*A**(1/(p*aD))", "Dc": "D_*q*A**(1/aD)", "aN": "p*aD"}, scaled=("N", "D"),
    source="Kaplan et al. 2020, arXiv:2001.08361",
)  # fmt: skip

KAPLAN_STEPS = Law(
    "kaplan_steps", "law of size and steps", ("N", "S"), "(Nc/N)**aN + (Sc/S)**aS",
    fit="A*N**(-aN) + B*S**(-aS)",
    parameters=(amplitude("A"), amplitude("B"), exponent("aN"), exponent("aS")),
    published={"Nc": "N_*A**(1/aN)", "Sc": "S_*B**(1/aS)"}, scaled=("N", "S"), symmetric=True,
    source="Kaplan et al. 2020, arXiv:2001.08361; Su et al. 2024, arXiv:2403.06563",
)  # fmt: skip

CRITICAL_BATCH = Law(
    "critical_batch", "law of size and steps at a batch size", ("N", "S", "B"),
    "(Nc/N)**aN + (Sc*(1 + Bc/(B*y**(1/aB)))/S)**aS",
    fit="A*N**(-aN) + K*(S/(1 + q*y**(-r)/B))**(-aS)",
    parameters=(
        amplitude("A"), amplitude("K"), exponent("aN", 0.02, 0.5), exponent("aS", 0.1, 2),
        positive("q", 1e-2, 1e5), positive("r", 0.5, 15, upper=40),
    ),
    published={"Nc": "N_*A**(1/aN)", "Sc": "S_*K**(1/aS)", "Bc": "q*B_", "aB": "1/r"}, scaled=("N", "S", "B"),
    roles={"B": "B"},
    source="Kaplan et al. 2020, arXiv:2001.08361; McCandlish et al. 2018, arXiv:1812.06162",
)  # fmt: skip

MONOMIAL = Law(
    "monomial", "product of powers", ("x", "z"), "k*x**a*z**b",
    parameters=(amplitude("k"), real("a", -2, 2, -30, 30), real("b", -2, 2, -30, 30)),
    published={"k": "k/(x_**a*z_**b)"}, scaled=("x", "z"), symmetric=True,
    source="baseline",
)  # fmt: skip

MONOMIAL_FLOOR = Law(
    "monomial_floor", "product of powers over a floor", ("x", "z"), "L0 + k*x**a*z**b",
    parameters=(floor("L0"), amplitude("k"), real("a", -2, 2, -30, 30), real("b", -2, 2, -30, 30)),
    published={"k": "k/(x_**a*z_**b)"}, scaled=("x", "z"), symmetric=True,
    source="composite: a floor and a product of powers",
)  # fmt: skip


def additive_in(inputs: int) -> Law:
    """Return the law of a floor and a power of each of `inputs` variables."""
    variables = tuple(f"x{i + 1}" for i in range(inputs))
    amplitudes, exponents = (tuple(f"{letter}{i + 1}" for i in range(inputs)) for letter in ("A", "a"))
    terms = [f"{A}/{x}**{a}" for A, x, a in zip(amplitudes, variables, exponents, strict=True)]
    return Law(
        f"additive_in_{inputs}", f"additive in {inputs} variables", variables, " + ".join(["E", *terms]),
        parameters=(floor("E"), *map(amplitude, amplitudes), *map(exponent, exponents)),
        published={A: f"{A}*{x}_**{a}" for A, x, a in zip(amplitudes, variables, exponents, strict=True)},
        scaled=variables, symmetric=True, limit="E", source="composite: a floor and a sum of powers",
    )  # fmt: skip


def monomial_in(inputs: int) -> Law:
    """Return the law of a floor and a product of powers of `inputs` variables."""
    variables = tuple(f"x{i + 1}" for i in range(inputs))
    exponents = tuple(f"a{i + 1}" for i in range(inputs))
    product = "*".join(f"{x}**{a}" for x, a in zip(variables, exponents, strict=True))
    scale = "*".join(f"{x}_**{a}" for x, a in zip(variables, exponents, strict=True))
    return Law(
        f"monomial_in_{inputs}", f"product of {inputs} powers over a floor", variables, f"L0 + k*{product}",
        parameters=(floor("L0"), amplitude("k"), *(real(a, -2, 2, -30, 30) for a in exponents)),
        published={"k": f"k/({scale})"}, scaled=variables, symmetric=True,
        source="composite: a floor and a product of powers",
    )  # fmt: skip
