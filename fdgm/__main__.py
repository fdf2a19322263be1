"""``python -m fdgm`` is the command ``fdgm``."""

from .cli import app

app(prog_name="fdgm")
