"""Metrics that compare generated samples with real ones. Real samples come first in every argument list."""

from functools import partial

from ._birthday import BirthdaySupport, birthday_support
from ._bootstrap import Interval, bootstrap_interval
from ._c2st import ClassifierTwoSampleTest, classifier_two_sample_test
from ._classifier import CLASSIFIERS, load_classifier
from ._energy import energy_distance, energy_distance_unit, energy_units, mean_distance
from ._extractors import Extractor, get_extractor, register_extractor
from ._frechet import frechet_distance
from ._inception import load_inception
from ._kde import kde_score
from ._mmd import kernel_inception_distance, kernel_mmd
from ._modes import ModeCoverage, high_quality_fraction, mode_coverage
from ._neighbors import PrecisionRecallDensityCoverage, one_nn_accuracy, precision_recall_density_coverage
from ._ngrams import ngram_js
from ._report import report
from ._scores import inception_score, mode_score
from ._table_report import table_report, table_score
from ._wasserstein import sliced_wasserstein_distance, wasserstein_distance

__all__ = [
    "BirthdaySupport",
    "ClassifierTwoSampleTest",
    "Extractor",
    "Interval",
    "ModeCoverage",
    "PrecisionRecallDensityCoverage",
    "birthday_support",
    "bootstrap_interval",
    "classifier_two_sample_test",
    "energy_distance",
    "energy_distance_unit",
    "energy_units",
    "frechet_distance",
    "get_extractor",
    "high_quality_fraction",
    "inception_score",
    "kde_score",
    "kernel_inception_distance",
    "kernel_mmd",
    "load_classifier",
    "load_inception",
    "mean_distance",
    "mode_coverage",
    "mode_score",
    "ngram_js",
    "one_nn_accuracy",
    "precision_recall_density_coverage",
    "register_extractor",
    "report",
    "sliced_wasserstein_distance",
    "table_report",
    "table_score",
    "wasserstein_distance",
]

register_extractor("inception", load_inception)
for _name in CLASSIFIERS:
    register_extractor(f"classifier-{_name}", partial(load_classifier, _name))
