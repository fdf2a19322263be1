"""The base class of the refiners that are transformers."""

from typing import Any, overload

import pandas as pd
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._ambient import undisturbed
from ._mover import Mover

__all__ = ["RowMover"]


class RowMover(OneToOneFeatureMixin, TransformerMixin, Mover):
    """Base class of the refiners that can also move rows with unknown latents, and so are transformers."""

    @overload
    def transform(self, X: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def transform(self, X: Any) -> Any: ...
    @undisturbed()
    def transform(self, X: Any) -> Any:
        """Move rows in the data space, whatever `space` is, since the latents of rows are not known.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        X_refined : ndarray or DataFrame of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        return self._refine_rows(X, None)
