"""What holds numbers is converted without loss; what does not is refused by column."""

import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from fdgm import VGrowSampler
from fdgm._numbers import as_numbers
from fdgm.architectures import MLP
from fdgm.inputs import validate
from fdgm.metrics import energy_distance
from fdgm.options import Network
from fdgm.ratios import uLSIF

A = [0.5, 1.5, 3.0]
CONVERTED = {
    "objects": pd.Series(A, dtype=object),
    "decimals": pd.Series([Decimal(str(a)) for a in A]),
    "fractions": pd.Series([Fraction(a) for a in A]),
    "nullable": pd.Series(A, dtype="Float64"),
}
REFUSED = {
    "strings": (pd.Series(["1", "2", "3"]), "strings in column 'a'"),
    "objects": (pd.Series([1, "2", 3], dtype=object), "strings in column 'a'"),
    "categories": (pd.Series(["x", "y", "x"], dtype="category"), "categories in column 'a'"),
    "categories that spell numbers": (pd.Series(["1", "2", "1"], dtype="category"), "categories in column 'a'"),
    "categories of numbers": (pd.Series([1, 2, 1], dtype="category"), "categories in column 'a'"),
    "dates": (pd.Series(pd.date_range("2020", periods=3)), "dates in column 'a'"),
    "dates of a zone": (pd.Series(pd.date_range("2020", periods=3, tz="UTC")), "dates in column 'a'"),
    "time spans": (pd.Series(pd.to_timedelta([1, 2, 3], unit="h")), "time spans in column 'a'"),
    "periods": (pd.Series(pd.period_range("2020", periods=3, freq="D")), "periods in column 'a'"),
    "intervals": (pd.Series(pd.interval_range(0, 3)), r"values of dtype interval.* in column 'a'"),
    "complex": (pd.Series([1j, 2.0, 3.0]), "complex numbers in column 'a'"),
    "days": (pd.Series([datetime.date(2020, 1, d) for d in (1, 2, 3)]), "of type date at row 0, column 'a'"),
    "sets": (pd.Series([1.0, {2}, 3.0]), "of type set at row 1, column 'a'"),
}


def table(column):
    return pd.DataFrame({"b": [1, 2, 4], "a": column})


@pytest.mark.parametrize("column", CONVERTED.values(), ids=CONVERTED)
def test_numbers_that_are_written_otherwise_are_converted(column):
    array, record = validate(VGrowSampler(), table(column), reset=True)
    np.testing.assert_array_equal(array, np.column_stack([[1, 2, 4], A]))
    assert (record.dtype, record.columns) == ("float64", ("b", "a"))
    assert energy_distance(table(column), array) == 0.0


@pytest.mark.parametrize("dtype", ["Int64", "UInt8", "boolean", "Float32"])
def test_nullable_columns(dtype):
    column = pd.Series([0, 1, 1], dtype=dtype)
    np.testing.assert_array_equal(as_numbers(table(column), "X")[:, 1], [0, 1, 1])
    missing = pd.Series([0, None, 1], dtype=dtype)
    with pytest.raises(ValueError, match="NaN at row 1, column 'a'"):
        validate(VGrowSampler(), table(missing), reset=True)


def test_a_table_of_float32_stays_one():
    for dtype in ("float32", "Float32"):
        assert as_numbers(pd.DataFrame({"a": A, "b": A}, dtype=dtype), "X").dtype == np.float32


@pytest.mark.parametrize(("column", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_number_is_refused_by_column(column, said):
    for refused in (
        lambda: validate(VGrowSampler(), table(column), reset=True),
        lambda: energy_distance(table(column), table(column)),
    ):
        with pytest.raises((ValueError, TypeError), match=rf"^X(_real)? of \w+ must hold numbers, got .*{said}"):
            refused()


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), "got dates"),
        (np.array([[1]], dtype="timedelta64[s]"), "got time spans"),
        ([[1.0, datetime.date(2020, 1, 1)]], r"of type date at row 0, column 1"),
        (np.array([[1.0, {}]], dtype=object), r"of type dict at row 0, column 1"),
        ([[1.0, 10**400]], "at row 0, column 1"),
        ([[Decimal("sNaN")]], "at row 0, column 0"),
        (np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 0], [1, 0]]), "masked values, got one at row 1, column 0"),
        ([np.ma.array([1.0, 2.0], mask=[0, 1])], "masked values, got one at row 0, column 1"),
    ],
)
def test_arrays_and_lists_are_refused_by_place(X, said):
    for refused in (lambda: validate(VGrowSampler(), X, reset=True), lambda: energy_distance(X, X)):
        with pytest.raises((ValueError, TypeError), match=said):
            refused()


def test_a_mask_that_masks_nothing_is_no_loss():
    X = np.ma.array([[1.0, 2.0], [3.0, 4.0]])
    assert type(as_numbers(X, "X")) is np.ndarray
    np.testing.assert_array_equal(as_numbers(X, "X"), X)


def test_missing_objects_are_nan():
    for X in ([[1.0, None]], np.array([[1.0, pd.NA]], dtype=object)):
        with pytest.raises(ValueError, match="NaN at row 0, column 1"):
            validate(VGrowSampler(), X, reset=True)


def test_sparse_columns_are_refused():
    X = table(pd.arrays.SparseArray(A))
    with pytest.raises(TypeError, match="sparse column 'a'"):
        validate(VGrowSampler(), X, reset=True)


def test_latents_are_held_to_the_same():
    with pytest.raises(ValueError, match="masked"):
        energy_distance(np.ma.masked_less([[1.0], [2.0]], 1.5), [[1.0]])


TINY = {"batch_size": 16, "max_iter": 1, "generator": Network(n_particles=16, n_particle_steps=1, passes=1)}
REFUSED_FITS = {
    "two kinds of holes": table(pd.Series([None, np.nan, 1.0], dtype=object)),
    "an overflow": np.array([[0.0, 1e308], [1.0, -1e308], [2.0, 0.0]]),
    "other rows": np.array([["x"], ["y"], ["z"]]),
}


@pytest.mark.parametrize("X", REFUSED_FITS.values(), ids=REFUSED_FITS)
@pytest.mark.parametrize("method", ["fit", "early_stopping"])
def test_a_refused_X_destroys_no_fit(X, method):
    rng = np.random.default_rng(0)
    D = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    sampler = VGrowSampler(architecture=MLP(width=4, depth=1), random_state=0, **TINY).fit(D)
    before = sampler.sample(5, random_state=0)
    if method == "early_stopping":
        sampler.set_params(early_stopping=True)
        X = D.to_numpy()[:3]
    with pytest.raises(ValueError, match=r"X|column"):
        sampler.fit(X)
    pd.testing.assert_frame_equal(sampler.sample(5, random_state=0), before)
    assert list(sampler.feature_names_in_) == ["a", "b"]


@pytest.mark.parametrize("X", REFUSED_FITS.values(), ids=REFUSED_FITS)
def test_a_refused_sample_destroys_no_ratio(X):
    rng = np.random.default_rng(0)
    P, Q = rng.normal(size=(2, 40, 3))
    ratio = uLSIF(width=1.0, penalty=0.1, random_state=0).fit(P, Q)
    before = ratio.log_ratio(Q)
    with pytest.raises(ValueError, match=r"X|column"):
        ratio.fit(X, X)
    np.testing.assert_array_equal(ratio.log_ratio(Q), before)


class TestPolars:
    pl = None

    @pytest.fixture(autouse=True)
    def polars(self):
        type(self).pl = pytest.importorskip("polars")

    def test_a_table_comes_back_as_one(self, tmp_path):
        X = self.pl.DataFrame({"a": [0.0, 1.0, 3.0], "b": [1, 2, 4]})
        array, record = validate(VGrowSampler(), X, reset=True)
        np.testing.assert_array_equal(array, X.to_numpy())
        rows = record.restore(array)
        assert isinstance(rows, self.pl.DataFrame)
        assert rows.columns == ["a", "b"]
        assert type(record).from_state(record.to_state()) == record

    def test_a_sampler_gives_a_table_of_it(self):
        import fdgm

        X = self.pl.DataFrame(np.random.default_rng(0).normal(size=(40, 2)), schema=["a", "b"])
        sampler = VGrowSampler(architecture=MLP(width=4, depth=1), random_state=0, **TINY).fit(X)
        assert sampler.sample(3).columns == ["a", "b"]
        np.testing.assert_array_equal(sampler.log_ratio(X[["b", "a"]]), sampler.log_ratio(X))
        refiner = fdgm.DGflowRefiner(sampler, n_steps=1, step_size=0.01, stop=None).fit(X[["b", "a"]])
        assert refiner.sample(3).columns == ["b", "a"]

    def test_numbers_are_converted(self):
        pl = self.pl
        X = pl.DataFrame({"a": [True, False], "b": pl.Series([Decimal("0.5"), Decimal(2)]), "c": [1, 2]})
        np.testing.assert_array_equal(as_numbers(X, "X"), [[1, 0.5, 1], [0, 2, 2]])
        single = pl.DataFrame({"a": [1.0, 2.0]}, schema={"a": pl.Float32})
        assert as_numbers(single, "X").dtype == np.float32

    def test_what_is_no_number_is_refused_by_column(self):
        pl = self.pl
        day = datetime.date(2020, 1, 1)
        for values, dtype, said in (
            (["1"], pl.String, "strings in column 'a'"),
            (["1"], pl.Categorical, "categories in column 'a'"),
            (["1"], pl.Enum(["1"]), "categories in column 'a'"),
            ([day], pl.Date, "dates in column 'a'"),
            ([datetime.timedelta(1)], pl.Duration, "time spans in column 'a'"),
            ([[1]], pl.List(pl.Int64), r"values of dtype List.* in column 'a'"),
        ):
            with pytest.raises(ValueError, match=said):
                as_numbers(pl.DataFrame({"a": values}, schema={"a": dtype}), "X")
        with pytest.raises(ValueError, match="NaN at row 1, column 'a'"):
            validate(VGrowSampler(), pl.DataFrame({"a": [1, None]}), reset=True)
        with pytest.raises(TypeError, match=r"LazyFrame; use collect"):
            as_numbers(pl.DataFrame({"a": [1]}).lazy(), "X")


def test_a_table_of_pyarrow_is_refused_with_what_to_do():
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(TypeError, match=r"use to_pandas"):
        as_numbers(pa.table({"a": [1.0]}), "X")


@pytest.mark.parametrize(("dtype", "said"), [("double", None), ("int32", None), ("bool", None), ("string", "strings")])
def test_arrow_columns(dtype, said):
    pytest.importorskip("pyarrow")
    column = pd.Series(["0", "1"] if said else [0, 1], dtype=f"{dtype}[pyarrow]")
    if said is None:
        np.testing.assert_array_equal(as_numbers(pd.DataFrame({"a": column}), "X")[:, 0], [0, 1])
    else:
        with pytest.raises(ValueError, match=f"{said} in column 'a'"):
            as_numbers(pd.DataFrame({"a": column}), "X")
