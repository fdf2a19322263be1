"""The registry, with good and bad plugins in the place of installed ones."""

import types
import warnings
from collections.abc import Mapping
from importlib import metadata

import pytest

import fdgm
from fdgm import hookimpl, registry
from fdgm._installed import installed
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
        monkeypatch.setattr(metadata, "entry_points", lambda group: entries)
        registry._filled.cache_clear()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            registry.available("divergence")
        assert all(issubclass(w.category, PluginWarning) for w in caught)
        return [str(w.message) for w in caught]

    yield put
    registry._filled.cache_clear()


def raises(error=None):
    raise error or RuntimeError("broken at import")


class Odd(BaseException):
    """What no `except Exception` stops."""


class Unprintable(Exception):
    def __repr__(self):
        raise Odd("no repr")

    __str__ = __repr__


class Classless:
    @property
    def __class__(self):
        raise Odd("no class")


class Faceless(types.ModuleType):
    def __init__(self):
        super().__init__("faceless")

    def __dir__(self):
        raise Odd("no attributes")


def a_class_of(**metaclass):
    """A sound divergence but for what its metaclass does."""
    return type("Meta", (type(KL),), metaclass)("Mine", (KL,), {})


def nameless():
    return a_class_of(__name__=property(lambda cls: raises(Odd("no name"))))


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
    "base exception": (lambda: raises(Odd("at import")), "raised Odd when imported: at import"),
    "exit": (lambda: raises(SystemExit(3)), "raised SystemExit when imported: 3"),
    "generator exit": (lambda: raises(GeneratorExit()), "raised GeneratorExit when imported"),
    "silent error": (lambda: raises(Unprintable()), "raised Unprintable when imported: something that cannot be shown"),
    "hook's base exception": (lambda: plugin(fdgm_divergences=lambda: raises(Odd("hook"))), "raised Odd: hook"),
    "repr of what is returned": (
        lambda: plugin(fdgm_divergences=lambda: Unprintable()),
        "got something that cannot be shown",
    ),
    "repr of a value": (
        lambda: plugin(fdgm_divergences=lambda: {"mine": Unprintable()}),
        "got 'mine': something that cannot be shown",
    ),
    "repr of a name": (lambda: plugin(fdgm_divergences=lambda: {Unprintable(): Mine}), "cannot be shown: <class"),
    "name of a class": (lambda: plugin(fdgm_divergences=lambda: {"mine": nameless()}), "when it was looked at"),
    "class of a value": (lambda: plugin(fdgm_divergences=lambda: {"mine": Classless()}), "raised Odd: no class"),
    "attributes of a module": (Faceless, "raised Odd: no attributes"),
    "long": (lambda: raises(RuntimeError("x" * 10**6)), "x" * 900),
    "colours": (lambda: raises(RuntimeError("\x1b[2J")), r"\x1b[2J"),
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


def test_a_class_is_not_asked_for_its_attributes(install):
    mine = a_class_of(__dir__=lambda cls: raises(Odd("no attributes")))
    assert install(Entry("good", lambda: plugin(fdgm_divergences=lambda: {"mine": mine}))) == []
    assert isinstance(fdgm.divergences.get("mine"), mine)


@pytest.mark.parametrize("name", [
    "", " ", "a b", "a\nb", "\x1b[31mkl", "k\u0131", "\u043al", "kl\u200b", "caf\u00e9", "\uff4b\uff4c",
    "x" * 65, "-x", "../kl",
    "all", "auto", "AUTO", "none", "None", "default", "kl", "KL",
])  # fmt: skip
def test_a_name_that_misleads_is_refused_and_shown_in_ascii(name, install):
    (message,) = install(Entry("odd", lambda: plugin(fdgm_divergences=lambda: {name: Mine, "mine": Mine})))
    assert "must choose" in message
    assert ascii(name) in message
    assert message.isascii()
    assert message.isprintable()
    assert type(fdgm.divergences.get("mine")) is Mine
    assert type(fdgm.divergences.get("kl")) is KL


@pytest.mark.parametrize("name", ["x" * 64, "my-own.v2", "LeCam", "2d"])
def test_a_plain_name_is_taken(name, install):
    assert install(Entry("good", lambda: plugin(fdgm_divergences=lambda: {name: Mine}))) == []
    assert type(fdgm.divergences.get(name)) is Mine


def test_ctrl_c_during_an_import_is_the_persons(install):
    with pytest.raises(KeyboardInterrupt):
        install(Entry("slow", lambda: raises(KeyboardInterrupt())))


def test_a_distribution_that_calls_itself_fdgm_registers_nothing(install):
    (message,) = install(Entry("fake", lambda: plugin(fdgm_divergences=lambda: {"mine": Mine}), "fdgm"))
    assert "comes from another distribution that calls itself fdgm" in message
    assert "mine" not in fdgm.available("divergence")


def test_a_list_of_entry_points_that_cannot_be_read_hides_no_other(tmp_path, monkeypatch):
    for name, points in (("torn", "[fdgm]\nnot a line of it\n"), ("sound", "[fdgm]\nsound = sound_plugin\n")):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(PluginWarning, match=r"entry points of torn cannot be read"):
        names = [found.name for found in installed("fdgm")]
    assert "sound" in names


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
