"""What callers hand over as X and y, and what goes on the wire for it."""

from __future__ import annotations

import struct
from array import array
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from ansatz.client import InvalidRequest
from ansatz.client.encode.tables import table
from ansatz.v1 import observations_pb2

ROWS = [[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]
Y = [5.0, 6.0, 7.0]


def sent(message: observations_pb2.Table) -> dict[str, list[float]]:
    return {c.name: [v for (v,) in struct.iter_unpack("<d", c.packed_values)] for c in message.columns}


SAME = {
    "lists": ROWS,
    "tuples": tuple(map(tuple, ROWS)),
    "rows of array.array": [array("d", row) for row in ROWS],
    "rows of exact numbers": [[Fraction(a), Decimal(b)] for a, b in ROWS],
    "float64": np.array(ROWS),
    "Fortran order": np.asfortranarray(ROWS),
    "float32": np.array(ROWS, dtype=np.float32),
    "float16": np.array(ROWS, dtype=np.float16),
    "integers": np.array(ROWS, dtype=np.int16),
    "unsigned": np.array(ROWS, dtype=np.uint8),
    "big-endian": np.array(ROWS, dtype=">f8"),
    "big-endian integers": np.array(ROWS, dtype=">i4"),
    "strided": np.repeat(np.repeat(np.array(ROWS), 2, axis=0), 3, axis=1)[::2, ::3],
    "reversed": np.array(ROWS)[::-1][::-1],
    "transposed": np.array(ROWS).T.copy().T,
    "read-only": np.frombuffer(np.array(ROWS).tobytes()).reshape(3, 2),
    "memoryview": np.array(ROWS).data,
    "objects": np.array(ROWS, dtype=object),
}


@pytest.mark.parametrize("X", SAME.values(), ids=SAME.keys())
def test_matrices_of_every_kind_are_sent_alike(X: Any) -> None:
    message = table(X, Y)
    assert sent(message) == {"x0": [1, 2, 3], "x1": [10, 20, 30], "y": Y}
    assert (message.target, list(message.inputs), message.weights) == ("y", [], "")


@pytest.mark.parametrize("column", [[1, 2, 3], array("f", [1, 2, 3]), np.arange(1, 4), np.array([1.0, 2, 3])])
def test_a_single_input_may_be_one_column(column: Any) -> None:
    assert sent(table(column, Y, names=["t"])) == {"t": [1, 2, 3], "y": Y}


def test_strided_and_boolean_columns() -> None:
    columns = {"a": np.arange(6.0)[::2], "b": np.array([True, False, True])}
    assert sent(table(columns, Y)) == {"a": [0, 2, 4], "b": [1, 0, 1], "y": Y}


def test_a_mapping_names_its_columns_and_may_hold_target_and_weights() -> None:
    message = table({"m": [1, 2], "E": [3, 4], "w": [1, 1]}, "E", weights="w", units={"m": "kg", "E": "J"})
    assert (message.target, list(message.inputs), message.weights) == ("E", [], "w")
    assert {c.name: c.unit for c in message.columns} == {"m": "kg", "E": "J", "w": ""}


@pytest.mark.parametrize("errors", ["sigma", [0.1, 0.2]], ids=["of a column", "beside"])
def test_standard_errors_may_be_a_column_or_stand_beside(errors: Any) -> None:
    message = table({"m": [1, 2], "sigma": [0.1, 0.2]}, [3, 4], std_errors=errors)
    assert sent(message)[message.std_errors] == [0.1, 0.2]
    assert not message.weights


def test_with_inputs_named_only_what_is_used_is_sent() -> None:
    columns = {"a": [1, 2], "b": [3, 4], "w": [1, 1], "y": [5, 6]}
    message = table(columns, "y", inputs=["b"], weights="w", units={"a": "m", "b": "s"})
    assert (list(message.inputs), list(sent(message))) == (["b"], ["b", "w", "y"])
    for wrong in (["c"], "b"):
        with pytest.raises(InvalidRequest, match=r"inputs"):
            table(columns, "y", inputs=wrong)


def test_weights_do_not_collide_with_an_input_of_that_name() -> None:
    message = table({"weights": [1, 2]}, [3, 4], weights=[5, 6])
    assert message.weights == "weights_"
    assert sent(message)["weights_"] == [5, 6]


@pytest.mark.parametrize("labels", [["u", "v", "u"], np.array(["u", "v", "u"]), ("u", "v", "u")])
def test_a_group_may_be_of_text(labels: Any) -> None:
    for message in (table({"x": Y, "run": labels}, Y, group="run"), table({"x": Y}, Y, group=labels)):
        group = next(c for c in message.columns if c.name == message.group)
        assert list(group.labels) == ["u", "v", "u"]


def test_a_group_may_be_of_numbers() -> None:
    message = table({"x": Y, "run": [1, 2, 1]}, Y, group="run")
    assert sent(message)["run"] == [1.0, 2.0, 1.0]
    assert message.group == "run"


def test_a_group_of_mixed_kinds_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="give text"):
        table({"x": Y, "run": ["u", 2, "u"]}, Y, group="run")


def test_pandas_frames_and_series() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "T": [7.0, 8.0, 9.0]})
    message = table(frame, "T")
    assert sent(message) == {"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "T": [7, 8, 9]}
    named = table(frame[["a", "b"]], frame["T"])
    assert named.target == "T"
    nullable = frame.astype({"a": "Int64"})
    assert sent(table(nullable, "T"))["a"] == [1, 2, 3]


def test_frames_of_other_libraries_by_duck_typing() -> None:
    class Series:
        def to_numpy(self) -> Any:
            raise ImportError("needs numpy")

        def to_list(self) -> list[float]:
            return [1.0, 2.0]

    class Frame:
        columns = ("a", "b")

        def __getitem__(self, name: str) -> Series:
            return Series()

    assert sent(table(Frame(), [3, 4])) == {"a": [1, 2], "b": [1, 2], "y": [3, 4]}


def pandas_frame(**columns: Any) -> Any:
    return pytest.importorskip("pandas").DataFrame(columns)


@pytest.mark.parametrize(
    ("X", "y", "keywords", "field", "said"),
    [
        ([[1, 2], [3]], [1, 2], {}, "X[1]", "1 values where the first row has 2"),
        ([[1, 2], 3], [1, 2], {}, "X[1]", "give a row of numbers"),
        ([[1, 2], ["a", 4]], [1, 2], {}, "X[:, 0][1]", "'a' of type str"),
        ([[1, 2], [None, 4]], [1, 2], {}, "X[:, 0][1]", "NoneType"),
        ([], [1, 2], {}, "X", "is empty"),
        ([[], []], [1, 2], {}, "X", "without values"),
        ("abc", [1, 2], {}, "X", "is str"),
        (5, [1, 2], {}, "X", "is int"),
        (np.zeros((2, 2, 2)), [1, 2], {}, "X", "3 dimensions"),
        (np.zeros((0, 2)), [], {}, "X", "shape (0, 2)"),
        (np.array(5.0), [1, 2], {}, "X", "dimensions"),
        (np.array([1 + 2j, 3]), [1, 2], {}, "X", "complex128"),
        (np.array(["a", "b"]), [1, 2], {}, "X", "convert it to float"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), [1], {}, "X", "no plain numbers"),
        ([[1], [2]], [[1], [2]], {}, "y[0]", "give a number"),
        ([[1], [2]], np.zeros((2, 1)), {}, "y", "2 dimensions"),
        ([[1], [2]], [1, 2, 3], {}, "x0", "2 rows where y has 3"),
        ([[1], [2]], [1, 2], {"weights": [1]}, "weights", "1 rows where y has 2"),
        ([[1], [2]], [1, 2], {"names": ["a", "b"]}, "names", "1 columns"),
        ([[1], [2]], [1, 2], {"names": "a"}, "names", "give a name for each"),
        ([[1, 2]], [1], {"names": ["a", "a"]}, "names", "more than once"),
        ([[1], [2]], [1, 2], {"names": ["y"]}, "target_name", "also an input"),
        ([[1], [2]], "z", {}, "y", "'z', which is no column"),
        ([[1], [2]], [1, 2], {"units": {"q": "m"}}, "units", "'q', which is no column"),
        ([[1], [10**400]], [1, 2], {}, "X[:, 0][1]", "give a number"),
    ],
)
def test_misfits_name_field_and_remedy(X: Any, y: Any, keywords: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        table(X, y, **keywords)
    (violation,) = raised.value.violations
    assert violation.field == field
    assert said in violation.description


def test_text_in_a_frame_is_refused_with_column_and_row() -> None:
    with pytest.raises(InvalidRequest) as raised:
        table(pandas_frame(a=[1, 2], planet=["Mars", "Venus"]), [1, 2])
    assert raised.value.violations[0].field == "X['planet'][0]"
