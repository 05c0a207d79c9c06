"""Laws of what models do: task success, accuracy, reward, downstream error, length of reasoning."""

from __future__ import annotations

from ansatz.discovery.curves.laws.law import Law, amplitude, exponent, floor, offset, positive, real

PASS_UNTIL = Law(
    "pass_until", "task success", ("N",), "exp(-c*N**(-alpha))",
    parameters=(positive("c", 1e-3, 30), exponent("alpha")), published={"c": "c*N_**alpha"}, scaled=("N",),
    straight="log(-log(y)) against log(N)",
    source="Hu et al. 2023, arXiv:2310.03262",
)  # fmt: skip

CLUSTERED_ACCURACY = Law(
    "clustered_accuracy", "accuracy above guessing", ("C",), "g + (1 - g)*exp(-a*C**(-b) - c)",
    parameters=(
        real("g", 0.0, 0.6, 0.0, 0.99), positive("a", 1e-2, 30), exponent("b", 0.05, 2), real("c", 0.0, 0.7, 0.0, 1.0),
    ),
    published={"a": "a*C_**b"}, scaled=("C",),
    source="Xu et al. 2025 (COD), arXiv:2502.17262",
)  # fmt: skip

ALL_TOKENS_RIGHT = Law(
    "all_tokens_right", "every token of an answer right", ("N", "T"), "exp(-(c/N)**alpha)**T",
    fit="exp(-T*c*N**(-alpha))",
    parameters=(positive("c", 1e-4, 10), exponent("alpha")), published={"c": "N_*c**(1/alpha)"}, scaled=("N",),
    straight="log(-log(y)/T) against log(N)",
    source="Schaeffer et al. 2023, arXiv:2304.15004",
)  # fmt: skip

EDIT_DISTANCE = Law(
    "edit_distance", "tokens of an answer wrong", ("N", "T"), "T*(1 - exp(-(c/N)**alpha))",
    fit="T*(1 - exp(-c*N**(-alpha)))",
    parameters=(positive("c", 1e-3, 10), exponent("alpha")), published={"c": "N_*c**(1/alpha)"}, scaled=("N",),
    straight="log(-log(1 - y/T)) against log(N)",
    source="Schaeffer et al. 2023, arXiv:2304.15004",
)  # fmt: skip

DOWNSTREAM_ERROR = Law(
    "downstream_error", "downstream error of a loss", ("L",), "eps - k*exp(-gamma*L)",
    parameters=(amplitude("eps"), amplitude("k"), positive("gamma", 0.05, 10)), from_zero=True,
    straight="log(eps - y) against L",
    source="Gadre et al. 2024, arXiv:2403.08540",
)  # fmt: skip

ENTROPY_REWARD = Law(
    "entropy_reward", "reward of an entropy", ("H",), "b - a*exp(H)",
    parameters=(offset("b"), amplitude("a")), from_zero=True,
    straight="y against exp(H)",
    source="Cui et al. 2025, arXiv:2505.22617",
)  # fmt: skip

OVERSHADOWING = Law(
    "overshadowing", "logarithm above a critical point", ("P",), "max(0, alpha*log(P/Pc))",
    parameters=(amplitude("alpha"), positive("Pc", 1e-3, 3)), published={"Pc": "Pc*P_"}, scaled=("P",),
    straight="y against log(P), above Pc",
    source="Zhang et al. 2025, arXiv:2502.16143",
)  # fmt: skip

REASONING_LENGTH = Law(
    "reasoning_length", "accuracy of a chain of thought", ("N",), "alpha*(1 - u)**N*(1 - v/N)**N",
    parameters=(amplitude("alpha"), positive("u", 1e-3, 0.3, upper=0.999), positive("v", 1e-2, 10)),
    source="Wu et al. 2025, arXiv:2502.07266, with u = T/C, v = T/M",
)  # fmt: skip

REASONING_LENGTH_BY_TASK = Law(
    "reasoning_length_by_task", "accuracy of a chain of thought", ("N", "T"), "alpha*(1 - T/C)**N*(1 - T/(N*M))**N",
    fit="alpha*(1 - c*T)**N*(1 - m*T/N)**N",
    parameters=(amplitude("alpha"), positive("c", 1e-5, 0.1), positive("m", 1e-3, 2)),
    published={"C": "1/c", "M": "1/m"},
    source="Wu et al. 2025, arXiv:2502.07266",
)  # fmt: skip

FINE_TUNING = Law(
    "fine_tuning", "rectified power law of fine-tuning data", ("D",), "B/(Dl + D**beta) + E",
    parameters=(floor("E"), amplitude("B"), positive("Dl", 1e-3, 30), exponent("beta", 0.05, 2)),
    published={"B": "B*D_**beta", "Dl": "Dl*D_**beta"}, scaled=("D",), from_zero=True,
    limit="E",
    source="Lin et al. 2024, arXiv:2402.02314",
)  # fmt: skip
