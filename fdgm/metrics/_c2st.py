"""Classifier two-sample test."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from .._checks import as_generator, check_fraction
from ._extractors import Features, feature_pair
from ._pairs import unit_scale

__all__ = ["ClassifierTwoSampleTest", "classifier_two_sample_test"]


class ClassifierTwoSampleTest(NamedTuple):
    """Result of :func:`classifier_two_sample_test`.

    Attributes
    ----------
    accuracy : float
        Mean of the accuracies on held-out real and on held-out generated samples, in [0, 1]. 1/2 is chance level.
    p_value : float
        Probability of an accuracy at least this high if both samples had one distribution, in (0, 1].
    """

    accuracy: float
    p_value: float


def classifier_two_sample_test(
    X_real: Any,
    X_generated: Any,
    *,
    estimator: Any = None,
    test_size: float = 0.5,
    features: Features = None,
    random_state: Any = None,
    chunk_size: int = 500,
) -> ClassifierTwoSampleTest:
    """Train a classifier to tell real from generated samples, and test it on held-out samples.

    An accuracy of 1/2 means that *this* classifier, with this many samples, finds no difference. A better one may.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        Real samples, at least 4. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, at least 4, with as many features.
    estimator : scikit-learn classifier or None, default=None
        Classifier to clone. Real samples have label 1. None is the published classifier: a network with one hidden
        layer of 20 ReLU, 100 epochs of Adam, on standardised features.
    test_size : float, default=0.5
        Fraction of each sample that is held out for the test, in (0, 1). The classifier is trained on equally many of
        both from the rest, as many as the smaller sample has left.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the split, and of the default classifier.
    chunk_size : int, default=500
        Number of rows to give to `features` at once, at least 1.

    Returns
    -------
    result : ClassifierTwoSampleTest
        A named tuple (accuracy, p_value).

    Raises
    ------
    ValueError
        If a sample is too small, is not numeric or holds a NaN or an infinity. Also if the numbers of features differ,
        or if a parameter is out of its range.

    Notes
    -----
    A classifier that is trained with many more samples of one kind predicts that kind everywhere, and finds nothing.
    Hence the equal numbers.

    The p-value is one-sided, and valid for any number of samples:

    - With n held-out samples of each kind, the number of hits exceeds n with at most the probability of
      Binomial(2n, 1/2). The normal limit of that is the published N(1/2, 1/(4 n)).
    - With unequal numbers it is the p-value of Fisher's exact test of the held-out samples' labels and predictions.

    It depends on the split: another seed gives another p-value.

    References
    ----------
    Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017, section 3.
    Hoeffding, "On the Distribution of the Number of Successes in Independent Trials", Annals of Mathematical
    Statistics 27, 1956 (that the binomial tail is the largest).

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import classifier_two_sample_test
    >>> X = np.random.default_rng(0).standard_normal((400, 2))
    >>> result = classifier_two_sample_test(X[:200], X[200:] + 4, random_state=0)
    >>> result.accuracy > 0.95, result.p_value < 1e-6
    (True, True)
    """
    from sklearn.base import clone
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    name = "classifier_two_sample_test"
    x, y, _ = feature_pair(X_real, X_generated, features, name, chunk_size)
    check_fraction(test_size, "test_size", name)
    rng = as_generator(random_state, name)
    if estimator is None:  # its scaler's squares could overflow
        x, y, _ = unit_scale(x, y)
    train, test = [], []
    for rows in (x, y):
        rows = rows[rng.permutation(len(rows))]
        n_test = round(test_size * len(rows))
        if min(n_test, len(rows) - n_test) < 2:
            raise ValueError(
                f"{name} needs at least 2 rows to train on and 2 to test on in each sample, got {len(rows)} rows with "
                f"test_size={test_size!r}."
            )
        test.append(rows[:n_test])
        train.append(rows[n_test:])
    n_train = min(map(len, train))
    train = [rows[:n_train] for rows in train]
    if estimator is None:
        # At the default learning rate, 100 epochs of a few hundred rows are too few steps.
        network = MLPClassifier(
            (20,),
            max_iter=100,
            batch_size=min(64, 2 * n_train),
            learning_rate_init=0.01,
            random_state=int(rng.integers(2**31)),
        )
        model = make_pipeline(StandardScaler(), network)
    else:
        model = clone(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 100 epochs are the definition, not a failure
        # scikit-learn's networks swallow Ctrl-C, and a half-trained one would be tested.
        warnings.filterwarnings("error", "Training interrupted by user")
        try:
            model.fit(np.concatenate(train), np.repeat([1, 0], n_train))
        except UserWarning as error:
            if "Training interrupted by user" in str(error):
                raise KeyboardInterrupt from error
            raise
    hits = [int(np.sum(model.predict(rows) == label)) for rows, label in zip(test, (1, 0), strict=True)]
    n_real, n_generated = map(len, test)
    accuracy = (hits[0] / n_real + hits[1] / n_generated) / 2
    return ClassifierTwoSampleTest(accuracy, _p_value(hits[0], hits[1], n_real, n_generated))


def _p_value(hits_real: int, hits_generated: int, n_real: int, n_generated: int) -> float:
    """Probability of such a mean of both accuracies if predictions do not depend on labels."""
    if hits_real * n_generated + hits_generated * n_real <= n_real * n_generated:
        return 1.0
    if n_real == n_generated:
        p = stats.binom.sf(hits_real + hits_generated - 1, 2 * n_real, 0.5)
    else:
        called_real = hits_real + n_generated - hits_generated
        p = stats.hypergeom.sf(hits_real - 1, n_real + n_generated, called_real, n_real)
    return min(max(float(p), float(np.finfo(np.float64).tiny)), 1.0)  # smaller values are no floats
