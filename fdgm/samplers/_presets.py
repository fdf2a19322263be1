"""Published settings of VGrow, by name."""

from typing import Any

from ..options import Network, RMSprop, StepSize

__all__ = ["PRESETS"]

PRESETS: dict[str, dict[str, Any]] = {
    "images": {
        "scale_clip": None,
        "architecture": "resnet",
        "generator": Network(
            latent_size=128,
            n_particles=20 * 64,
            n_particle_steps=20,
            passes=5,
            passes_schedule=((200, 2.0), (1000, 3.0), (1500, 4.0)),
            n_warmup_steps=0,
            ema=None,
            optimizer=RMSprop(1e-4, schedule=((400, 0.5), (800, 0.25))),
        ),
        "n_critic_steps": 1,
        "critic_optimizer": RMSprop(1e-4, schedule=((400, 0.5), (800, 0.25))),
        "step_size": StepSize(0.5, schedule=()),
        "instance_noise": 0.0,
        "data_range": (-1.0, 1.0),
        "batch_size": 64,
    }
}
