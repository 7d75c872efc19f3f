import ast
import re
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minivae
from minivae.edge.checks import (
    as_batch,
    as_data_set,
    check_dtype,
    check_integer,
    check_real,
    check_widths,
)

INF = float("inf")


@pytest.mark.parametrize("value", [1, 5, np.int8(5), np.uint64(3)])
def test_an_integer_in_range_comes_back_as_an_int(value):
    assert check_integer("n", value, 1, 5) == value
    assert type(check_integer("n", value, 1)) is int


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, ValueError, "n must be between 1 and n_features=5, got 0"),
        (6, ValueError, "n must be between 1 and n_features=5, got 6"),
        (-3, ValueError, "n must be between 1 and n_features=5, got -3"),
        (2.0, TypeError, "n must be an integer, got 2.0"),
        (np.float64(2), TypeError, "n must be an integer, got np.float64(2.0)"),
        (True, TypeError, "n must be an integer, got True"),
        (np.True_, TypeError, "n must be an integer, got np.True_"),
        ("2", TypeError, "n must be an integer, got '2'"),
        (None, TypeError, "n must be an integer, got None"),
        (np.array(2), TypeError, "n must be an integer, got array(2)"),
    ],
)
def test_other_integers_are_refused(value, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        check_integer("n", value, 1, 5, of="n_features=")


def test_an_integer_without_an_upper_end():
    assert check_integer("n", sys.maxsize, 1) == sys.maxsize
    with pytest.raises(ValueError, match=f"^n must be at most {sys.maxsize}, got an integer of "):
        check_integer("n", 10**300, 1)
    with pytest.raises(ValueError, match=r"^n must be at least 1, got 0$"):
        check_integer("n", 0, 1)


@pytest.mark.parametrize(
    ("value", "closed", "allowed"),
    [
        (0, "", False),
        (0, "high", False),
        (0, "low", True),
        (0, "both", True),
        (1, "", False),
        (1, "low", False),
        (1, "high", True),
        (1, "both", True),
        (0.5, "", True),
        (5e-324, "", True),
        (np.float32(0.5), "", True),
        (Fraction(1, 3), "", True),
        (-1e-300, "both", False),
        (np.nextafter(1, 2), "both", False),
        (float("nan"), "both", False),
        (INF, "both", False),
        (-INF, "both", False),
    ],
)
def test_the_ends_of_an_interval_are_open_unless_closed(value, closed, allowed):
    if allowed:
        assert check_real("rate", value, 0, 1, closed=closed) == float(value)
        assert type(check_real("rate", value, 0, 1, closed=closed)) is float
    else:
        ends = {"": "(0, 1)", "low": "[0, 1)", "high": "(0, 1]", "both": "[0, 1]"}[closed]
        message = re.escape(f"rate must be in {ends}, got {value}")
        with pytest.raises(ValueError, match=f"^{message}$"):
            check_real("rate", value, 0, 1, closed=closed)


def test_infinity_is_no_number_even_where_the_interval_has_no_end():
    with pytest.raises(ValueError, match=r"^rate must be in \(0, inf\], got inf$"):
        check_real("rate", INF, 0, closed="high")


@pytest.mark.parametrize("value", [True, np.True_, "0.5", None, 0.5j, np.array(0.5), [0.5]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match=r"^rate must be a number, got "):
        check_real("rate", value, 0)


@pytest.mark.parametrize("dtype", [np.float32, "float64", float, np.dtype("f4")])
def test_a_dtype_of_parameters_comes_back_as_numpys_own(dtype):
    assert check_dtype(dtype) == np.dtype(dtype)


@pytest.mark.parametrize("dtype", [int, "float16", np.complex128, np.longdouble])
def test_other_dtypes_are_refused(dtype):
    message = f"dtype must be float32 or float64, got {np.dtype(dtype)}"
    with pytest.raises(ValueError, match=message):
        check_dtype(dtype)


@pytest.mark.parametrize("widths", [(), [], (3,), [4, 2], np.array([4, 2]), range(1, 4)])
def test_widths_come_back_as_a_list_of_ints(widths):
    assert check_widths("hidden", widths) == list(widths)
    assert all(type(width) is int for width in check_widths("hidden", widths))


@pytest.mark.parametrize(
    ("widths", "error", "message"),
    [
        (64, TypeError, "hidden must be a sequence of integers, got 64"),
        ("64", TypeError, "hidden must be a sequence of integers, got '64'"),
        ([4, 0], ValueError, "hidden must be at least 1, got 0"),
        ([4.0], TypeError, "hidden must be an integer, got 4.0"),
    ],
)
def test_other_widths_are_refused(widths, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        check_widths("hidden", widths)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_batch_that_fits_is_returned_itself(dtype):
    x = np.ones((2, 3), dtype)
    assert as_batch(x, 3, dtype) is x


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_numbers_of_every_type_keep_their_values(n, width, seed):
    values = np.random.default_rng(seed).integers(0, 2, (n, width))
    for dtype in "?bhilBHILefdg":
        if dtype == "B":
            continue  # uint8 holds images
        x = values.astype(dtype)
        batch = as_batch(x, width)
        assert batch.dtype == np.float64
        assert np.array_equal(batch, values)
        assert np.array_equal(as_data_set(x, width), x)
    assert np.array_equal(as_batch(values.tolist()), values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_uint8_is_scaled_to_the_unit_interval(dtype):
    x = np.arange(256, dtype=np.uint8)[None]
    expected = np.arange(256, dtype=dtype) / dtype(255)
    assert np.array_equal(as_batch(x, 256, dtype)[0], expected)
    assert as_batch(x, 256, dtype).dtype == dtype
    assert as_data_set(x) is x


@given(
    st.tuples(st.integers(1, 60), st.integers(1, 4)),
    st.sampled_from([np.nan, np.inf, -np.inf]),
    st.data(),
)
@settings(max_examples=60)
def test_the_first_bad_number_is_named_by_row_and_column(shape, bad, data):
    x = np.zeros(shape)
    places = [(data.draw(st.integers(0, n - 1)) for n in shape) for _ in range(2)]
    (row, column), _ = sorted(tuple(place) for place in places)
    x[row, column] = bad
    x[row + 1 :] = np.nan
    message = re.escape(f"images must be finite, got {bad} in row {row}, column {column}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        as_batch(x, name="images")
    with pytest.raises(ValueError, match=f"^{message}$"):
        as_data_set(x, name="images", rows_at_once=7)


@given(st.integers(1, 60), st.floats(allow_nan=False, allow_infinity=False), st.data())
@settings(max_examples=60)
def test_the_first_number_outside_the_interval_is_named(n, value, data):
    x = np.full((n, 2), 0.5)
    row = data.draw(st.integers(0, n - 1))
    x[row, 1] = value
    if 0 <= value <= 1:
        assert as_batch(x, interval=(0, 1)) is x
        return
    message = re.escape(f"X must lie in [0, 1], got {value} in row {row}, column 1")
    with pytest.raises(ValueError, match=f"^{message}$"):
        as_data_set(x, interval=(0, 1), rows_at_once=7)


def test_the_ends_of_the_interval_belong_to_it():
    x = np.array([[0.0, 1.0]])
    assert as_batch(x, interval=(0, 1)) is x
    for bad in np.nextafter(0, -1), np.nextafter(1, 2):
        with pytest.raises(ValueError, match=re.escape(f"got {bad} in row 0, column 0")):
            as_batch([[bad]], interval=(0, 1))


def test_what_a_smaller_dtype_cannot_hold_is_refused():
    with pytest.raises(ValueError, match=r"^x must be finite, got inf in row 0, column 1$"):
        as_batch([[1.0, 1e300]], dtype=np.float32)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.zeros(3), ValueError, r"z must have shape \(n_samples, n_latent\), got shape \(3,\)"),
        (1.0, ValueError, r"z must have shape \(n_samples, n_latent\), got shape \(\)"),
        (np.zeros((1, 3, 3)), ValueError, r"z must have shape .*, got shape \(1, 3, 3\)"),
        (np.zeros((0, 3)), ValueError, r"z must have at least one row .*, got shape \(0, 3\)"),
        (np.zeros((3, 0)), ValueError, r"z must have at least .* one column, got shape \(3, 0\)"),
        (np.zeros((2, 4)), ValueError, "z must have n_latent=3 columns, got 4"),
        ([[1, 2, 3], [4]], ValueError, "z must be an array of real numbers, with rows of .*"),
        ([["a", "b", "c"]], TypeError, "z must hold real numbers, got dtype <U1"),
        ([[None, 1, 2]], TypeError, "z must hold real numbers, got dtype object"),
        (np.zeros((1, 3), complex), TypeError, "z must hold real numbers, got dtype complex128"),
        (np.zeros((1, 3), "M8[s]"), TypeError, "z must hold real numbers, got dtype datetime64.*"),
    ],
)
def test_what_is_no_matrix_of_reals_is_refused(x, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        as_batch(x, 3, name="z", columns="n_latent")
    with pytest.raises(error, match=f"^{message.replace('n_latent', 'n_features')}$"):
        as_data_set(x, 3, name="z")


def test_complex_steps_pass_where_the_model_is_complex():
    x = np.array([[0.0, 1.0]])
    assert as_batch(x, 2, np.complex128, interval=(0, 1)).dtype == np.complex128


def test_the_argument_is_never_changed():
    x = np.array([[3, 200]], np.uint8)
    x.flags.writeable = False
    as_batch(x)[...] = 0
    assert np.array_equal(x, [[3, 200]])


def test_a_data_set_is_checked_to_its_end_without_being_converted(tmp_path):
    shape = (30_000, 50)
    X = np.memmap(tmp_path / "images", np.uint8, "w+", shape=shape)
    tracemalloc.start()
    checked = as_data_set(X, 50, interval=(0, 1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.shares_memory(checked, X)
    assert checked.dtype == np.uint8
    assert peak < 8 * shape[0] * shape[1] / 4
    floats = np.zeros(shape)
    floats[-1, 7] = np.nan
    with pytest.raises(ValueError, match="got nan in row 29999, column 7"):
        as_data_set(floats)


# Whose fault an error is

# Checks that a user's argument never fails: what one layer hands to the next, what a function that
# is being checked does, and what is caught and said in other words.
OURS = (
    "dy must have the output's shape",
    "the optimizer's state is for parameters",
    "but its gradient or moment has shape",
    "the complex step was lost",
    "backward gave",
    "there are two claims of the name",
    "the content is longer than",
    "its format is",
    "is not in version 1.0 of the npy format",
    "cannot have the shape",
)
PACKAGE = Path(minivae.__file__).parent
MODULES = [
    pytest.param(path, id=path.relative_to(PACKAGE).with_suffix("").as_posix())
    for path in sorted(PACKAGE.rglob("*.py"))
]


@pytest.mark.parametrize("path", MODULES)
def test_what_speaks_of_an_argument_is_an_argument_error(path):
    """Else a command would show a traceback for what its user did wrong."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            kind, said = ast.unparse(node.exc.func), ast.unparse(node.exc)
            ours = any(words in said for words in OURS)
            assert kind not in ("ValueError", "TypeError") or ours, f"raise Argument{kind}: {said}"
