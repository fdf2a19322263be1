"""The sampler by trees, through the hook that plugins use."""

from .. import trees
from ..hookspecs import hookimpl


@hookimpl
def fdgm_estimators() -> dict[str, type]:
    return {"GenerativeImputer": trees.GenerativeImputer, "TreeSampler": trees.TreeSampler}
