"""A pipeline whose samples come back through its transformers."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ._columns import Labels, labels_of, library_of

__all__ = ["GenerativePipeline"]


class GenerativePipeline(Pipeline):
    """A scikit-learn pipeline that ends in a model with `sample`.

    `fit` transforms X step by step and fits the last one. `sample` draws from the last step, and goes back through the
    transformers, last to first. Everything else is that of scikit-learn's Pipeline.

    Parameters
    ----------
    steps : list of (str, estimator)
        Transformers, each with ``inverse_transform`` or "passthrough", and last a model with ``sample``.
    transform_input : list of str or None, default=None
        As in scikit-learn's Pipeline.
    memory : str, object or None, default=None
        As in scikit-learn's Pipeline.
    verbose : bool, default=False
        Whether to print the time of each step.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from fdgm import GenerativePipeline, VGrowSampler
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> model = GenerativePipeline([("pca", PCA(2)), ("model", VGrowSampler(max_iter=2, random_state=0))])
    >>> model.fit(X).sample(3, random_state=0).shape
    (3, 5)
    """

    _labels: Labels | None = None
    _library: str | None = None

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit all transformers, one after the other, and then the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or None, default=None
        **params
            As in scikit-learn's Pipeline.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a transformer has no ``inverse_transform``, or the last step no ``sample``. The message names it.
        """
        for name, step in self.steps[:-1]:
            if step not in (None, "passthrough") and not hasattr(step, "inverse_transform"):
                raise TypeError(
                    f"steps of GenerativePipeline must have inverse_transform before the last, got {name!r}, a"
                    f" {type(step).__name__}, without it; samples could not come back through it."
                )
        last, model = self.steps[-1]
        if not hasattr(model, "sample"):
            raise TypeError(
                f"steps of GenerativePipeline must end in a model with sample, got {last!r}, a {type(model).__name__}."
            )
        super().fit(X, y, **params)
        self._labels, self._library = labels_of(X), library_of(X)
        return self

    def sample(self, n_samples: int = 1, *, random_state: Any = None) -> Any:
        """Draw samples from the model, in the units of X.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState, Generator or None, default=None
            As in the model's `sample`. A model without this parameter, such as GaussianMixture, draws by its own.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            A DataFrame with X's columns if X was one.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        model = self.steps[-1][1]
        drawn = model.sample(n_samples) if random_state is None else model.sample(n_samples, random_state=random_state)
        rows = drawn[0] if isinstance(drawn, tuple) else drawn  # GaussianMixture gives its components too
        for _, step in reversed(self.steps[:-1]):
            if step not in (None, "passthrough"):
                rows = step.inverse_transform(rows)
        if self._library == "pandas" and not isinstance(rows, pd.DataFrame):
            return pd.DataFrame(np.asarray(rows), columns=list(self._labels or ()))
        if self._library == "polars" and isinstance(rows, np.ndarray):
            import polars as pl  # X was a table of it

            return pl.DataFrame(rows, schema=list(self._labels or ()), orient="row")
        return rows
