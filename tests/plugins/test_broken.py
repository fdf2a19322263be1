"""Broken plugins in a fresh environment: each is reported by name, and nothing else stops working."""

import json

import pytest

HEAD = "from fdgm import hookimpl\nfrom fdgm.divergences import KL\n\nclass Mine(KL):\n    pass\n\n@hookimpl\n"
BROKEN = {
    "raises": ("raise RuntimeError('not today')", "raised RuntimeError when imported: not today"),
    "taken": (
        HEAD + "def fdgm_divergences():\n    return {'jeffreys': Mine}",
        "must choose another name than 'jeffreys', which is taken by fdgm itself",
    ),
    "kind": (
        HEAD + "def fdgm_divergences():\n    return {'mine': dict}",
        "must map names to subclasses of Divergence, got 'mine': <class 'dict'>",
    ),
    "signature": (
        HEAD + "def fdgm_divergences(config):\n    return {'mine': Mine}",
        "does not fit the hooks: Plugin 'signature' for hook 'fdgm_divergences'",
    ),
    "misspelt": (
        HEAD + "def fdgm_divergance():\n    return {'mine': Mine}",
        "offers fdgm_divergance, which is no hook; the hooks are fdgm_divergences",
    ),
}
USE = """
import json, warnings
import fdgm, fdgm.cli

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    names = {family: fdgm.available(family) for family in fdgm.registry.FAMILIES}
X = fdgm.datasets.make_ring(200, random_state=0)
NETWORK = fdgm.options.Network(n_particles=32, n_particle_steps=2, passes=1)
TINY = {"generator": NETWORK, "batch_size": 16, "max_iter": 2}
shapes = [fdgm.VGrowSampler(divergence=name, **TINY, random_state=0).fit(X).sample(5).shape
          for name in ("kl", "jeffreys", "skew_js")]
print(json.dumps({"names": names, "warnings": [str(w.message) for w in caught], "shapes": shapes,
                  "categories": [w.category.__name__ for w in caught],
                  "jeffreys": fdgm.registry.get("divergence", "jeffreys").__module__}))
fdgm.cli.app(["plugins"])
"""


@pytest.fixture(scope="module")
def beset(stranger, tmp_path_factory):
    """Where the broken ones are installed, beside the environment's own, so that it stays sound for other tests."""
    site = tmp_path_factory.mktemp("broken")
    for number, (name, (code, _)) in enumerate(BROKEN.items()):
        # What pip leaves behind of a distribution.
        (site / f"fdgm_{name}.py").write_text(code)
        info = site / f"fdgm_{name}-0.{number}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: fdgm-{name}\nVersion: 0.{number}\n")
        (info / "entry_points.txt").write_text(f"[fdgm]\n{name} = fdgm_{name}\n")
    return str(site)


@pytest.fixture(scope="module")
def printed(stranger, beset):
    return stranger.python(USE, PYTHONPATH=beset)


@pytest.fixture(scope="module")
def beset_use(printed):
    return json.loads(next(line for line in printed.splitlines() if line.startswith("{")))


@pytest.fixture(scope="module")
def listing(printed):
    """What `fdgm plugins` prints in that program."""
    return printed.partition("}\n")[2]


@pytest.mark.parametrize("name", BROKEN)
def test_a_warning_names_it_and_its_fault(beset_use, name):
    (message,) = (
        message for message in beset_use["warnings"] if message.startswith(f"fdgm plugin '{name}' of fdgm-{name} 0.")
    )
    assert BROKEN[name][1] in message


def test_there_are_no_other_warnings(beset_use):
    assert beset_use["categories"] == ["PluginWarning"] * len(BROKEN)


@pytest.mark.parametrize("name", BROKEN)
def test_the_listing_names_it_and_its_fault(listing, name):
    failed = listing.partition("failed to load\n")[2]
    number = list(BROKEN).index(name)
    (_, after) = failed.split(f"  {name}  fdgm-{name} 0.{number}\n")
    assert BROKEN[name][1] in after.splitlines()[0]


def test_the_listing_still_has_the_sound_ones(listing):
    rows = [line.split() for line in listing.splitlines()]
    assert ["skew_js", "fdgm-power-divergences", "0.1.0", "SkewJensenShannon"] in rows
    assert ["boosted", "fdgm-boosted-ratio", "0.1.0", "BoostedRatio"] in rows


def test_nothing_else_stops_working(beset_use, used):
    assert beset_use["shapes"] == [[5, 2]] * 3
    assert beset_use["names"] == {family: sorted(names) for family, names in used["registered"].items()}


def test_a_taken_name_stays_with_its_owner(beset_use):
    assert beset_use["jeffreys"] == "fdgm.divergences._jeffreys"
