"""The registry, with good and bad plugins in the place of installed ones."""

import types
import warnings
from collections.abc import Mapping

import pytest

import fdgm
from fdgm import hookimpl, registry
from fdgm.divergences import KL, Divergence
from fdgm.exceptions import PluginError, PluginWarning


class Mine(KL):
    """A divergence of a third party."""


class Lacking(Divergence):
    def f(self, l):
        return l

    def weight(self, l):
        return l


class Lazy(Mapping):
    """A mapping that finds its classes when it is read, or not."""

    def __getitem__(self, key):
        raise RuntimeError("broken mapping")

    def __iter__(self):
        return iter(["mine"])

    def __len__(self):
        return 1


class Entry:
    """What importlib.metadata says of an installed plugin."""

    def __init__(self, name, load, dist="third-party"):
        self.name, self.load, self.value = name, load, "module"
        self.dist = types.SimpleNamespace(name=dist, version="1.2")


def plugin(**hooks):
    """A module whose hooks return these; a key is the hook's name."""
    module = types.ModuleType("plugin")
    for name, function in hooks.items():
        setattr(module, name, hookimpl(function))
    return module


@pytest.fixture
def install(monkeypatch):
    """Put entry points in place, and forget them afterwards; returns the warnings of the first look-up."""

    def put(*entries):
        monkeypatch.setattr(registry.metadata, "entry_points", lambda group: entries)
        registry._registry.cache_clear()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            registry.available("divergence")
        assert all(issubclass(w.category, PluginWarning) for w in caught)
        return [str(w.message) for w in caught]

    yield put
    registry._registry.cache_clear()


def raises():
    raise RuntimeError("broken at import")


def hook_raises():
    raise RuntimeError("broken hook")


def test_built_ins_are_there():
    assert {"kl", "reverse_kl", "js", "logd", "jeffreys", "gan", "alpha"} <= set(fdgm.available("divergence"))
    assert {"dcgan", "mlp"} <= set(fdgm.available("architecture"))
    assert {"f_gan", "logistic"} <= set(fdgm.available("objective"))
    assert {"kliep", "rulsif", "ulsif"} <= set(fdgm.available("density_ratio"))


def test_a_plugin_is_found_by_name(install):
    assert install(Entry("good", lambda: plugin(fdgm_divergences=lambda: {"mine": Mine}))) == []
    assert isinstance(fdgm.divergences.get("mine"), Mine)
    entry = next(e for e in registry.report()[0] if e.name == "mine")
    assert (entry.distribution, entry.version) == ("third-party", "1.2")


BROKEN = {
    "import": (raises, "RuntimeError when imported: broken at import"),
    "exits": (lambda: exit(3), "SystemExit when imported: 3"),
    "taken": (lambda: plugin(fdgm_divergences=lambda: {"kl": Mine}), "'kl', which is taken by fdgm itself"),
    "kind": (lambda: plugin(fdgm_divergences=lambda: {"mine": 3}), "subclasses of Divergence, got 'mine': 3"),
    "no dict": (lambda: plugin(fdgm_divergences=lambda: [Mine]), "must return a dict"),
    "none": (lambda: plugin(fdgm_divergences=lambda: None), "must return a dict of name: class, got None"),
    "name": (lambda: plugin(fdgm_divergences=lambda: {3: Mine}), "must map names to subclasses of Divergence, got 3"),
    "abstract": (lambda: plugin(fdgm_divergences=lambda: {"mine": Lacking}), "but Lacking of 'mine' lacks f_prime"),
    "lazy": (lambda: plugin(fdgm_divergences=lambda: Lazy()), "fdgm_divergences raised RuntimeError: broken mapping"),
    "misspelt": (lambda: plugin(fdgm_divergence=lambda: {"mine": Mine}), "fdgm_divergence, which is no hook"),
    "signature": (lambda: plugin(fdgm_divergences=lambda config: {"mine": Mine}), "does not fit the hooks"),
    "hook": (lambda: plugin(fdgm_divergences=hook_raises), "fdgm_divergences raised RuntimeError: broken hook"),
    "nothing": (lambda: types.ModuleType("empty"), "offers no hook"),
}


@pytest.mark.parametrize("fault", sorted(BROKEN))
def test_a_bad_plugin_is_named_and_disables_nothing_else(install, fault):
    load, reason = BROKEN[fault]
    good = Entry("good", lambda: plugin(fdgm_divergences=lambda: {"fine": Mine}), "other")
    (message,) = install(Entry("bad-one", load), good)
    assert "'bad-one' of third-party 1.2" in message
    assert reason in message
    assert [failure.plugin for failure in registry.report()[1]] == ["bad-one"]
    assert type(fdgm.divergences.get("kl")) is KL
    assert type(fdgm.divergences.get("fine")) is Mine


def test_an_entry_that_is_refused_leaves_the_others_of_its_plugin(install):
    install(Entry("mixed", lambda: plugin(fdgm_divergences=lambda: {"kl": Mine, "mine": Mine})))
    assert type(fdgm.divergences.get("mine")) is Mine
    assert type(fdgm.divergences.get("kl")) is KL


def test_a_misspelt_hook_leaves_the_well_spelt_ones(install):
    hooks = {"fdgm_divergences": lambda: {"mine": Mine}, "fdgm_divergence": lambda: {"other": Mine}}
    (message,) = install(Entry("mixed", lambda: plugin(**hooks)))
    assert "offers fdgm_divergence, which is no hook; the hooks are fdgm_divergences" in message
    assert type(fdgm.divergences.get("mine")) is Mine


def test_two_third_parties_with_one_name(install):
    install(
        Entry("a", lambda: plugin(fdgm_divergences=lambda: {"mine": Mine}), "first"),
        Entry("b", lambda: plugin(fdgm_divergences=lambda: {"mine": Mine}), "second"),
    )
    with pytest.raises(PluginError, match=r"'mine' is registered by first 1\.2 and second 1\.2"):
        fdgm.divergences.get("mine")
    assert type(fdgm.divergences.get("kl")) is KL


def test_unknown_names_list_the_known():
    with pytest.raises(PluginError, match=r"'jeffreys'.*got 'nope'"):
        fdgm.divergences.get("nope")


def test_unknown_families_list_the_known():
    with pytest.raises(PluginError, match=r"density_ratio.*got 'divergences'"):
        fdgm.available("divergences")


@pytest.mark.parametrize("spec", [3, KL, None])
def test_neither_name_nor_instance(spec):
    with pytest.raises(PluginError, match="instance of Divergence"):
        registry.make("divergence", spec)
