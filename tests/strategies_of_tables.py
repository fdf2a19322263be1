"""Tables of every kind of column, made by hypothesis."""

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import strategies as st

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)
INTS = st.integers(-(2**63), 2**63 - 1)
SMALL = st.integers(-128, 127)
FLOATS = st.floats(allow_nan=False)
STAMPS = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1))
SPANS = st.timedeltas(dt.timedelta(days=-40_000), dt.timedelta(days=40_000))
TEXTS = st.sampled_from(["", "a", "b", " ", "NaN", "é"]) | WORDS


def holed(values, marker=None):
    return st.one_of(values, st.just(marker))


def of(values, dtype):
    """Columns of pandas of this dtype, of n values."""
    return lambda n: st.lists(values, min_size=n, max_size=n).map(lambda v: pd.Series(v, dtype=dtype))


def objects(n):
    kinds = [TEXTS, INTS, FLOATS, st.booleans(), st.decimals(allow_nan=False, allow_infinity=False), st.dates()]
    mixed = st.one_of(TEXTS, SMALL, st.booleans(), st.none())
    return st.one_of(*(of(holed(kind), object)(n) for kind in kinds), of(mixed, object)(n))


def categories(n):
    levels = st.one_of(
        st.lists(TEXTS, min_size=1, max_size=5, unique=True), st.lists(SMALL, min_size=1, max_size=5, unique=True)
    )

    @st.composite
    def made(draw):
        known = draw(levels)
        codes = draw(st.lists(st.integers(-1, len(known) - 1), min_size=n, max_size=n))
        return pd.Series(pd.Categorical.from_codes(codes, known, ordered=draw(st.booleans())))

    return made()


def stamps(unit, zone=None):
    def made(values):
        series = pd.Series(pd.to_datetime(pd.Series(values, dtype="datetime64[us]"))).astype(f"datetime64[{unit}]")
        return series if zone is None else series.dt.tz_localize("UTC").dt.tz_convert(zone)

    return lambda n: st.lists(holed(STAMPS, pd.NaT), min_size=n, max_size=n).map(made)


PANDAS = {
    "int64": of(INTS, "int64"),
    "int8": of(SMALL, "int8"),
    "uint64": of(st.integers(0, 2**64 - 1), "uint64"),
    "float64": of(holed(FLOATS, np.nan), "float64"),
    "float32": of(holed(st.floats(width=32, allow_nan=False), np.nan), "float32"),
    "float16": of(holed(st.floats(width=16, allow_nan=False), np.nan), "float16"),
    "bool": of(st.booleans(), "bool"),
    "boolean": of(holed(st.booleans()), "boolean"),
    "Int64": of(holed(INTS), "Int64"),
    "Int16": of(holed(SMALL), "Int16"),
    "UInt8": of(holed(st.integers(0, 255)), "UInt8"),
    "Float64": of(holed(FLOATS), "Float64"),
    "str": of(holed(TEXTS), "str"),
    "string": of(holed(TEXTS), "string"),
    "string python": of(holed(TEXTS), pd.StringDtype("python", na_value=np.nan)),
    "object": objects,
    "object of NaN": of(holed(TEXTS, np.nan), object),
    "category": categories,
    "datetime64[ns]": stamps("ns"),
    "datetime64[us]": stamps("us"),
    "datetime64[s]": stamps("s"),
    "of a zone": stamps("us", "Europe/Zurich"),
    "timedelta64[us]": of(holed(SPANS, pd.NaT), "timedelta64[us]"),
    "int64[pyarrow]": of(holed(INTS), "int64[pyarrow]"),
    "double[pyarrow]": of(holed(FLOATS), "double[pyarrow]"),
    "string[pyarrow]": of(holed(TEXTS), "string[pyarrow]"),
    "bool[pyarrow]": of(holed(st.booleans()), "bool[pyarrow]"),
    "timestamp[us][pyarrow]": of(holed(STAMPS), "timestamp[us][pyarrow]"),
    "interval": lambda n: of(st.floats(0, 9), "float64")(n).map(lambda s: pd.cut(s, [-1, 3, 6, 10])),
}
if int(pd.__version__.split(".")[0]) < 3:  # it has no such dtypes
    del PANDAS["str"], PANDAS["string python"]


@st.composite
def tables(draw, kinds=tuple(PANDAS), max_columns=6):
    """A table of pandas, of 0 to 12 rows, some of them equal."""
    n = draw(st.integers(0, 12))
    names = draw(
        st.lists(TEXTS | SMALL | st.tuples(TEXTS, TEXTS), min_size=1, max_size=max_columns, unique_by=lambda v: str(v))
    )
    if any(isinstance(name, tuple) for name in names):
        names = [name if isinstance(name, tuple) else ("x", str(name)) for name in names]
    columns = [draw(PANDAS[draw(st.sampled_from(sorted(kinds)))](n)) for _ in names]
    table = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(n))
    multi = any(isinstance(name, tuple) for name in names)
    table.columns = pd.MultiIndex.from_tuples(names) if multi else pd.Index(names, name=draw(st.none() | st.just("of")))
    if n and draw(st.booleans()):
        table = table.iloc[draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))].reset_index(drop=True)
    return table
