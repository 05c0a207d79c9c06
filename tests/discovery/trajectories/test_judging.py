"""Which of two systems stands first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ansatz.discovery.expression import parse
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.trajectories.by_equation import ByEquation
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.judge import MotionJudge, ranked
from ansatz.discovery.trajectories.prepare import prepare
from ansatz.discovery.trajectories.scored import scored
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.system import System
from tests.discovery.trajectories.motions import motion


def test_one_that_diverges_where_the_data_do_not_stands_last_however_short_its_description() -> None:
    made = motion(lambda t, x: [-0.5 * x[0]], [[3.0]], np.linspace(0, 4, 40), ["x"], noise=0.01)
    record = prepare(made).learned
    smoothed = Smoothed.of(record)
    shooting = Shooting(record, smoothed.states, smoothed.noise)
    judge = MotionJudge(shooting, ByEquation([IntegralForm(smoothed, 0)], shooting), None, None, 0)
    fit = shooting.fit(System.of([parse("-0.4*x", ["x"])]))
    assert fit is not None
    decays = scored(fit, shooting, (Origin("test"),))
    # From 3 it is infinite after a third of a unit of time, whatever its scores were said to be.
    runs_away = replace(decays, fit=replace(fit, system=System.of([parse("x**2", ["x"])])), bits=decays.bits - 1000)
    judged = [judge.judged(item, with_conserved=False) for item in (runs_away, decays)]
    assert [j.motion.diverges for j in judged] == [True, False]
    assert [j.item for j in ranked(judged)] == [decays, runs_away]
