"""Tables as numbers and back."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import strategies_of_tables as made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fdgm.exceptions import FileError
from fdgm.tables import Schema

pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")


def equal(a, b):
    if isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b, check_exact=True, check_freq=False)
    elif isinstance(a, pa.Table):
        assert a.schema == b.schema
        assert str(a.to_pylist()) == str(b.to_pylist())  # NaN is not equal to itself
    else:
        assert a.schema == b.schema
        assert a.equals(b, null_equal=True)


def comes_back(table):
    schema = Schema.of(table)
    codes = schema.encode(table)
    assert codes.dtype == np.float64
    assert codes.shape == (len(table), len(schema.columns))
    equal(table, schema.decode(codes))
    again = Schema.from_json(schema.to_json())
    np.testing.assert_array_equal(again.encode(table), codes)
    equal(table, again.decode(codes))


@pytest.mark.parametrize("kind", sorted(made.PANDAS))
def test_a_column_of_pandas_comes_back(kind):
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(made.tables((kind,), max_columns=2))
    def check(table):
        comes_back(table)

    check()


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(made.tables())
def test_a_table_of_pandas_comes_back(table):
    comes_back(table)


POLARS = {
    "ints": (made.holed(made.INTS), pl.Int64),
    "small": (made.holed(made.SMALL), pl.Int8),
    "large": (made.holed(st.integers(0, 2**64 - 1)), pl.UInt64),
    "floats": (made.holed(made.FLOATS), pl.Float64),
    "NaN": (made.holed(made.FLOATS, float("nan")), pl.Float64),
    "float32": (made.holed(st.floats(width=32, allow_nan=False)), pl.Float32),
    "strings": (made.holed(made.TEXTS), pl.String),
    "bools": (made.holed(st.booleans()), pl.Boolean),
    "categories": (made.holed(st.sampled_from("abc")), pl.Categorical),
    "enum": (made.holed(st.sampled_from("abc")), pl.Enum(["c", "a", "b"])),
    "dates": (made.holed(st.dates()), pl.Date),
    "stamps": (made.holed(made.STAMPS), pl.Datetime("us")),
    "zone": (made.holed(made.STAMPS), pl.Datetime("ms", "Europe/Zurich")),
    "spans": (made.holed(made.SPANS), pl.Duration("us")),
    "times": (made.holed(st.times()), pl.Time),
    "decimals": (made.holed(st.decimals(-99, 99, places=2)), pl.Decimal(10, 2)),
    "bytes": (made.holed(st.binary(max_size=3)), pl.Binary),
    "nothing": (st.none(), pl.Null),
}


@pytest.mark.parametrize("kind", sorted(POLARS))
@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_a_column_of_polars_or_pyarrow_comes_back(kind, library):
    values, dtype = POLARS[kind]

    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(st.lists(values, max_size=8))
    def check(held):
        table = pl.DataFrame({"x": pl.Series(held, dtype=dtype), "y": pl.Series(range(len(held)), dtype=pl.Int32)})
        comes_back(table if library == "polars" else table.to_arrow())

    check()


def test_a_wide_table_comes_back():
    rng = np.random.default_rng(0)
    comes_back(pd.DataFrame(rng.normal(size=(3, 2000))))


def test_kinds_units_and_bounds_are_learned():
    table = pd.DataFrame(
        {
            "price": [1.25, 2.5, np.nan],
            "count": [1, 2, 3],
            "yes": [True, False, True],
            "who": ["b", "a", "b"],
            "size": pd.Categorical(["m", "s", "m"], ["s", "m", "l"], ordered=True),
            "day": pd.to_datetime(["2020-01-01", "2020-01-03", None]),
            "hour": pd.to_datetime(["2020-01-01 07:00", "2020-01-01 09:00", "2020-01-01 00:00"]),
            "lasts": pd.to_timedelta(["90s", "30s", "60s"]),
        }
    )
    found = dict(zip(table, Schema.of(table).columns, strict=True))
    kinds = ["number", "integer", "boolean", "category", "category", "date", "date", "duration"]
    assert [column.kind for column in found.values()] == kinds
    assert (found["price"].decimals, found["price"].low, found["price"].high) == (2, 1.25, 2.5)
    assert found["price"].missing == pytest.approx(1 / 3)
    assert (found["day"].unit, found["hour"].unit, found["lasts"].unit) == ("D", "h", "s")
    assert found["who"].levels == ("a", "b")
    assert found["size"].levels == ("s", "m", "l")
    assert [column.ordered for column in found.values()] == [True, True, True, False, True, True, True, True]


def test_the_summary_is_for_people():
    table = pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-03"]), "who": ["b", None]})
    summary = Schema.of(table).summary()
    assert summary.loc["day", "values"] == "2020-01-01 to 2020-01-03"
    assert summary.loc["who", ["values", "missing"]].tolist() == ["1 levels", 0.5]


def test_another_library_and_order_of_columns_have_the_same_codes():
    table = pd.DataFrame({"a": [1.5, None], "b": ["x", "y"], "c": pd.to_datetime(["2020-01-01", "2021-01-01"])})
    schema = Schema.of(table)
    for other in (pl.from_pandas(table[["c", "a", "b"]]), pa.Table.from_pandas(table)):
        np.testing.assert_array_equal(schema.encode(other), schema.encode(table))


@pytest.mark.parametrize(
    ("column", "match"),
    [
        (pd.Series([[1], [2]]), "'x': its values cannot be compared.*make columns or strings"),
        (pd.Series([1j, 2j]), "'x': it holds values of complex, which cannot be stored"),
        (
            pd.Series(pd.period_range("2020-01", periods=2, freq="M")),
            "'x': it holds values of Period, which cannot be stored",
        ),
        (pd.Series(["a", None, np.nan], dtype=object), "'x': its missing values are written as None and NaN"),
        (pd.Series([object(), object()]), "'x': it holds values of object, which cannot be stored"),
        (
            pd.Series([1, 0], dtype="Sparse[int]"),
            "'x': dtype Sparse.* is none that can be made again; turn it to numbers",
        ),
    ],
)
def test_what_cannot_be_represented_is_refused_by_column(column, match):
    with pytest.raises(ValueError, match=match):
        Schema.of(pd.DataFrame({"fine": range(len(column)), "x": column}))


def test_both_kinds_of_missing_numbers_are_refused():
    with pytest.raises(ValueError, match="both null and NaN"):
        Schema.of(pl.DataFrame({"x": [1.0, None, float("nan")]}))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"who": ["a", "cc"]}, r"column 'who': it must hold levels that fit saw, \['a', 'b'\], got 'cc'"),
        ({"n": ["1", "2"]}, "column 'n': it must hold numbers as in fit, got String"),
        ({"day": [1, 2]}, "column 'day': it must hold dates as in fit, got Int64"),
        ({"more": [1, 2]}, "also \\['more'\\]"),
    ],
)
def test_other_tables_are_refused_by_column(change, match):
    table = pd.DataFrame({"who": ["a", "b"], "n": [1, 2], "day": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    with pytest.raises(ValueError, match=match):
        Schema.of(table).encode(table.assign(**change))


def test_no_table_is_refused():
    with pytest.raises(TypeError, match=r"got ndarray"):
        Schema.of(np.zeros((3, 2)))
    with pytest.raises(TypeError, match=r"collect\(\) it first"):
        Schema.of(pl.LazyFrame({"x": [1]}))


def test_a_hole_in_a_column_that_holds_none_is_refused():
    schema = Schema.of(pd.DataFrame({"n": [1, 2]}))
    with pytest.raises(ValueError, match="column 'n': a column of int64 holds no missing values"):
        schema.decode(np.array([[np.nan]]))


def test_dates_between_known_ones_and_finer_ones_have_codes():
    schema = Schema.of(pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-03"])}))
    codes = schema.encode(pd.DataFrame({"day": [dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 2, 12)]}))
    np.testing.assert_array_equal(codes[:, 0] - codes[0, 0], [0.0, 0.5])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"library": "os"}', '{"library": "pandas", "columns": [1]}'])
def test_other_json_is_refused(text):
    with pytest.raises(FileError, match="a table's description is none"):
        Schema.from_json(text)


def test_a_column_of_json_is_checked():
    text = Schema.of(pd.DataFrame({"x": ["a"]})).to_json().replace('"category"', '"thing"')
    with pytest.raises(FileError, match="a column's description is none"):
        Schema.from_json(text)
