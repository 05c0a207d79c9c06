"""Is what a formula leaves only noise? One question with three answers: noise, structure, too few rows to tell."""

from ansatz.discovery.evidence.noise.question import LEVEL, Answer, NoiseQuestion, Verdict, residual_verdict

__all__ = ["LEVEL", "Answer", "NoiseQuestion", "Verdict", "residual_verdict"]
