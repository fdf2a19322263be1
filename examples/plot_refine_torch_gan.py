"""
Refine a PyTorch generator
==========================

Any module that maps latents to data can be refined. This one is a small GAN, trained in a plain PyTorch loop.
"""

import os
import time

import matplotlib.pyplot as plt
import torch

from fdgm import DGflowRefiner, datasets, metrics
from fdgm.plot import SampleDisplay
from fdgm.refiners import LatentGenerator

SECONDS = float(os.environ.get("FDGM_GALLERY_SECONDS", "15"))

X = datasets.make_ring(4000, random_state=0)
torch.manual_seed(0)
generator = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
critic = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
rows, loss = torch.tensor(X, dtype=torch.float32), torch.nn.functional.softplus
of_generator, of_critic = (torch.optim.Adam(m.parameters(), lr=1e-3, betas=(0.5, 0.9)) for m in (generator, critic))
begin = time.perf_counter()
while time.perf_counter() - begin < SECONDS / 2:
    real, fake = rows[torch.randint(len(rows), (256,))], generator(torch.randn(256, 2))
    of_critic.zero_grad()
    (loss(-critic(real)).mean() + loss(critic(fake.detach())).mean()).backward()
    of_critic.step()
    of_generator.zero_grad()
    loss(-critic(fake)).mean().backward()
    of_generator.step()

# %%
# The refiner gets the module and the number of its latents. The module itself stays as it is.
refiner = DGflowRefiner(LatentGenerator(generator, latent_size=2), random_state=0).fit(X)
with torch.no_grad():
    before = generator(torch.randn(2000, 2)).numpy()
after = refiner.sample(2000, random_state=0)
figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
test = datasets.make_ring(2000, random_state=1)
for axis, name, samples in zip(axes, ("GAN", "refined"), (before, after), strict=True):
    SampleDisplay.from_predictions(X, samples, ax=axis)
    axis.set_title(f"{name}: energy distance {metrics.energy_distance(test, samples):.4f}")
