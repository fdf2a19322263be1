"""A density ratio by histogram gradient boosting, smoothed so that points can follow its gradient."""

from fdgm import hookimpl

from ._boosted import BoostedRatio

__all__ = ["BoostedRatio"]


@hookimpl
def fdgm_density_ratios() -> dict[str, type]:
    return {"boosted": BoostedRatio}
