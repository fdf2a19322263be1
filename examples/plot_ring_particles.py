"""
Watch particles flow to the data
================================

VGrow moves particles along weight × gradient of the log-ratio. Here they start as one Gaussian and end on a ring of
eight modes.
"""

import os

import matplotlib.pyplot as plt

from fdgm import VGrowSampler, datasets
from fdgm.options import Network
from fdgm.plot import ParticlesDisplay, VelocityDisplay

SECONDS = float(os.environ.get("FDGM_GALLERY_SECONDS", "20"))
RECORDED = (1, 2, 3, 5, 8, 12, 16, 20, 25, 30, 40, 50, 60, 80)

X = datasets.make_ring(5000, random_state=0)
sampler = VGrowSampler(
    generator=Network(), max_iter=None, max_seconds=SECONDS, record_particles=RECORDED, random_state=0
).fit(X)

# %%
# The particles at some iterations, over the data in blue.
shown = {loop: rows for loop, rows in sampler.particles_.items() if loop in (1, 3, 8, 20, 40, 80)}
ParticlesDisplay.from_predictions(shown, X)

# %%
# The same, moving.
animation = ParticlesDisplay(sampler.particles_, X).animate()

# %%
# The velocity that the last critic gives. It is small where the samples already match the data.
VelocityDisplay.from_estimator(sampler, X)
plt.show()
