"""What is written in more than one place, for people who install, cite or contribute, is one thing."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import fdgm

yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CI = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
EXTRAS = ("plot", "images", "metrics", "inception", "testing")


def pins(name):
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_the_floors_are_the_versions_that_were_tried():
    wanted = [*PROJECT["dependencies"], *(line for name in EXTRAS for line in PROJECT["optional-dependencies"][name])]
    floors = {
        line.name: next(s.version for s in line.specifier if s.operator == ">=") for line in map(Requirement, wanted)
    }
    tried = pins("constraints-oldest.txt")
    assert set(floors) == set(tried)
    for name, floor in floors.items():
        assert tried[name] == floor or tried[name].startswith(f"{floor}."), name


def test_the_pythons_that_ci_runs_are_those_that_the_package_names():
    named = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r"Python :: 3\.", line)]
    assert CI["jobs"]["tests"]["strategy"]["matrix"]["python"] == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_the_version_that_is_cited_is_this_one():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == fdgm.__version__
    assert citation["license"] == PROJECT["license"]


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_what_the_platform_reads_is_yaml_and_calls_targets_that_exist(path):
    content = yaml.safe_load(path.read_text())
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for job in content.get("jobs", {}).values():
        for step in job["steps"]:
            assert len({"run", "uses"} & set(step)) == 1
            called = re.match(r"make ([a-z]+)", step.get("run", ""))
            assert called is None or called[1] in targets
