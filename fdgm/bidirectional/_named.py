"""Named special cases: `AGEBidirectional` with chosen arguments."""

from typing import Any

from .. import registry
from ..options import Adam
from ._age import AGEBidirectional

__all__ = ["ALI", "AVB", "VAE", "BiGAN"]


def VAE(**params: Any) -> AGEBidirectional:
    """The variational autoencoder: KL, Gaussian encoder and generator, and the ELBO in closed form, without a critic.

    The generator is isotropic. With a deviation for each pixel, ``generator="gaussian"``, the bound can explain
    undrawn detail as noise. Samples of such a model of MNIST were not digits.

    `sample` also draws the generator's noise, so many values may lie on a bound of `data_range`. `inverse_transform`
    gives the means for latents.

    Parameters
    ----------
    **params
        Parameters of :class:`~fdgm.AGEBidirectional`. They add to or replace ``objective="vae"``,
        ``encoder="gaussian"``, ``generator="isotropic"``, ``generator_optimizer=Adam(0.001)`` and ``max_iter=100``.
        The learning rate is higher because no critic has to keep up.

    Returns
    -------
    AGEBidirectional

    References
    ----------
    Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
    Rybkin, Daniilidis and Levine, "Simple and Effective VAE Training with Calibrated Decoders", ICML 2021.
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 4.1.

    Examples
    --------
    >>> from fdgm.bidirectional import VAE
    >>> VAE(latent_size=2)
    AGEBidirectional(generator='isotropic', generator_optimizer=Adam(lr=0.001),
                     latent_size=2, max_iter=100, objective='vae')
    """
    chosen = {
        "objective": "vae",
        "encoder": "gaussian",
        "generator": "isotropic",
        "generator_optimizer": Adam(1e-3),
        "max_iter": 100,
    }
    return AGEBidirectional(**{**chosen, **params})


def AVB(**params: Any) -> AGEBidirectional:
    """Adversarial variational Bayes: KL, implicit encoder, isotropic generator, and a critic only for the encoder.

    Parameters
    ----------
    **params
        Parameters of :class:`~fdgm.AGEBidirectional`. They add to or replace ``objective="avb"``,
        ``encoder="implicit"`` and ``generator="isotropic"``, as in :func:`VAE`.

    Returns
    -------
    AGEBidirectional

    References
    ----------
    Mescheder, Nowozin and Geiger, "Adversarial Variational Bayes", ICML 2017.
    Shen et al., 2020, section 4.1.

    Examples
    --------
    >>> from fdgm.bidirectional import AVB
    >>> AVB()
    AGEBidirectional(encoder='implicit', generator='isotropic', objective='avb')
    """
    return AGEBidirectional(**{"objective": "avb", "encoder": "implicit", "generator": "isotropic", **params})


def BiGAN(**params: Any) -> AGEBidirectional:
    """The bidirectional GAN: Jensen–Shannon, deterministic encoder and generator, no scaling clip.

    Its minimax game has the gradients of AGE with ``js``. In practice one trains with the logD trick instead,
    ``BiGAN(objective="non_saturating")``, which belongs to no divergence.

    Parameters
    ----------
    **params
        Parameters of :class:`~fdgm.AGEBidirectional`. They add to or replace ``encoder="deterministic"``,
        ``generator="deterministic"``, ``method="gradient"`` and, if the objective has them, ``divergence="js"`` and
        ``scale_clip=None``.

    Returns
    -------
    AGEBidirectional

    References
    ----------
    Donahue, Krähenbühl and Darrell, "Adversarial Feature Learning", ICLR 2017.
    Shen et al., 2020, section 4.2.

    Examples
    --------
    >>> from fdgm.bidirectional import BiGAN
    >>> BiGAN().divergence
    'js'
    """
    objective = registry.make("joint_objective", params.get("objective", "age"))
    chosen: dict[str, Any] = {"encoder": "deterministic", "generator": "deterministic", "method": "gradient"}
    chosen |= {"divergence": "js"} if objective.takes_divergence else {}
    chosen |= {"scale_clip": None} if objective.takes_scale_clip else {}
    return AGEBidirectional(**{**chosen, **params})


def ALI(**params: Any) -> AGEBidirectional:
    """Adversarially learned inference: as :func:`BiGAN`, but with a Gaussian encoder.

    Parameters
    ----------
    **params
        Parameters of :class:`~fdgm.AGEBidirectional`. They add to or replace :func:`BiGAN`'s and
        ``encoder="gaussian"``.

    Returns
    -------
    AGEBidirectional

    References
    ----------
    Dumoulin et al., "Adversarially Learned Inference", ICLR 2017.
    Belghazi et al., "Hierarchical Adversarially Learned Inference", 2018:
    ``ALI(architecture=Hierarchical(between="gaussian"))``.

    Examples
    --------
    >>> from fdgm.bidirectional import ALI
    >>> from fdgm.architectures import Hierarchical
    >>> ALI(architecture=Hierarchical(between="gaussian")).encoder
    'gaussian'
    """
    return BiGAN(**{"encoder": "gaussian", **params})
