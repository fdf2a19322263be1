"""fdgm: deep generative modelling by f-divergences."""
