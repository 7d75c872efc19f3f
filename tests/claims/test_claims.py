"""The ledger: every claim holds, fails when the library is wrong, and is found by its name."""

import ast
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from breaks import all_breaks
from matplotlib.figure import Figure
from oracles import ORACLES

import minivae
from minivae import claims
from minivae.claims import Claim, Outcome, Row, all_claims, find_claim, find_family, prove

PACKAGE = Path(minivae.__file__).parent
EVERY = list(all_claims().values())
BREAKS = all_breaks()
COARSE = {  # five standard errors of few draws; the last two: what the leading term leaves out
    "continuity-of-a-linear-decoder",
    "elbo-surgery-of-a-mixture",
    "estimator-dimension-growth",
    "estimator-variances",
    "reparameterized-gradient-is-unbiased",
    "gaussian-norms",
    "gibbs-autocorrelation",
    "hamiltonian-accept-step",
    "hamiltonian-resonance",
    "aggregated-posterior-is-the-prior",
    "autoregression-is-worth-so-many-draws",
    "doubly-reparameterized-gradient",
    "gibbs-on-a-finite-space",
    "local-reparameterization",
    "forward-matches-moments-reverse-seeks-a-mode",
    "pca-below-the-threshold",
    "metropolis-as-a-matrix",
    "gradient-signal-to-noise",
    "information-of-finitely-many",
    "binary-bounds-in-order",
    "measures-follow-the-code",
    "naive-monte-carlo-variance",
    "p-values-by-enumeration",
    "rejection-repeats-the-state",
    "sampler-moments",
    "score-function-baseline",
    "spherical-midpoints-are-typical",
    "central-difference-error",
    "leapfrog-order",
}


def prove_and_watch(claim):
    """Return a claim's row, and the functions of the package that it called."""
    codes = set()
    sys.setprofile(lambda frame, event, _: codes.add(frame.f_code) if event == "call" else None)
    try:
        row = prove(claim)
    finally:
        sys.setprofile(None)
    called = set()
    for code in codes:
        path = Path(code.co_filename)
        if path.is_relative_to(PACKAGE):
            module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
            called.add(f"{module}: {code.co_qualname}")
    return row, called


each_claim = pytest.mark.parametrize("claim", EVERY, ids=lambda claim: claim.name)


@each_claim
def test_a_claim_holds_and_can_be_drawn(claim):
    row, called = prove_and_watch(claim)
    named = {name for name, oracle in ORACLES.items() if oracle == claim.name}
    assert named <= called, "the table of oracles names a claim that does not call the function"
    assert row.outcome.ok, str(row)
    share = 0.2 if claim.name in COARSE else 0.03
    scale = np.maximum(1, np.abs(row.outcome.exact))
    assert np.all(row.outcome.tolerance < share * scale), "a tolerance narrower than the quantity"
    assert np.all(row.outcome.tolerance == 0) or row.outcome.because, "where is it from?"
    if row.outcome.draw is not None:
        ax = Figure().add_subplot()
        row.outcome.draw(ax)
        n_rows = len(ax.get_yticklabels())
        names_its_rows = {"every-gradient": n_rows > 10, "vae-is-more-complete": n_rows == 3}
        assert ax.get_xlabel()
        assert ax.get_ylabel() or names_its_rows.get(claim.name)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a doubt of the library is no verdict
@pytest.mark.parametrize(("name", "damage"), BREAKS)
def test_a_claim_fails_when_the_library_is_wrong(name, damage, monkeypatch):
    damage(monkeypatch)
    row = prove(find_claim(name))
    assert not row.outcome.ok, str(row)


def test_every_claim_is_broken_at_least_once():
    assert {name for name, _ in BREAKS} == {claim.name for claim in EVERY}


@each_claim
def test_a_claim_says_what_who_and_why(claim):
    assert 10 < len(claim.statement) <= 100
    assert "\n" not in claim.statement
    assert not claim.statement.endswith(".")
    assert claim.source
    assert "SCIENCE" not in claim.source
    summary, blank, *rest = claim.derivation.splitlines()
    assert summary.endswith((".", ":", "?"))
    assert blank == ""
    assert 1 <= len(rest) <= 15


def test_every_decorated_function_is_in_the_ledger_under_its_own_name():
    written = []
    for path in Path(claims.__file__).parent.glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(d, ast.Call) and getattr(d.func, "id", "") == "claim"
                for d in node.decorator_list
            ):
                written.append((path.stem, node.name.replace("_", "-")))
    assert sorted(written) == sorted((c.family, c.name) for c in EVERY)
    assert len({name for _, name in written}) == len(written)


def test_no_family_of_claims_imports_another():
    """What they share is a rig, in a module without claims."""
    families = {f"minivae.claims.{claim.family}" for claim in EVERY}
    for family in families:
        tree = ast.parse(Path(sys.modules[family].__file__).read_text("utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names = {f"{node.module}.{alias.name}" for node in imports for alias in node.names}
        assert not families & (names | {node.module for node in imports}), family


def test_families_are_listed_one_after_the_other():
    runs = [family for family, _ in groupby(EVERY, key=lambda claim: claim.family)]
    assert len(runs) == len(set(runs))


FRESH = '''
"""A module that nobody mentions anywhere."""

from minivae.claims import Outcome, claim


@claim("One and one make two", source="Euclid, about 300 BC")
def one_and_one():
    """Count them."""
    return Outcome(exact=2, measured=1 + 1)
'''


@pytest.fixture
def fresh_module(tmp_path, monkeypatch):
    (tmp_path / "fresh.py").write_text(FRESH, encoding="utf-8")
    monkeypatch.setattr(claims, "__path__", [*claims.__path__, str(tmp_path)])
    monkeypatch.setattr(claims, "_REGISTRY", dict(claims._REGISTRY))
    monkeypatch.setattr(claims, "fresh", None, raising=False)  # the import binds it
    yield
    sys.modules.pop("minivae.claims.fresh")


@pytest.mark.usefixtures("fresh_module")
def test_writing_the_function_is_enough():
    found = all_claims()["one-and-one"]
    assert (found.family, found.source) == ("fresh", "Euclid, about 300 BC")
    assert found.derivation == "Count them."
    assert prove(find_claim("one_and_one")).outcome.ok


def test_a_claim_is_found_by_its_name_however_it_is_written():
    claim = EVERY[0]
    for name in (claim.name, claim.name.upper(), f" {claim.name.replace('-', '_')} "):
        assert find_claim(name) is claim


def test_a_family_is_found_by_its_name_and_no_claim_has_that_name():
    family = find_family("Linear-autoencoder")
    assert {"linear-autoencoder-is-pca", "biases-centre-the-data"} <= {c.name for c in family}
    assert {c.family for c in family} == {"linear_autoencoder"}
    assert find_family("linear-autoencoders") == []
    assert not {c.family.replace("_", "-") for c in EVERY} & {c.name for c in EVERY}


def test_an_unknown_claim_suggests_the_nearest():
    misspelt = EVERY[0].name[:-2] + "x"
    with pytest.raises(ValueError, match=f"no claim '{misspelt}'; did you mean {EVERY[0].name}"):
        find_claim(misspelt)
    with pytest.raises(ValueError, match="no claim '0'; prove --list names them all"):
        find_claim("0")


# Outcomes


@pytest.mark.parametrize(
    ("relation", "measured", "ok"),
    [
        ("==", 1.05, True),
        ("==", 0.95, True),
        ("==", 1.15, False),
        ("==", 0.85, False),
        ("<=", 0.1, True),
        ("<=", 1.05, True),
        ("<=", 1.15, False),
        (">=", 9.0, True),
        (">=", 0.95, True),
        (">=", 0.85, False),
    ],
)
def test_relations(relation, measured, ok):
    assert Outcome(1.0, measured, 0.1, relation).ok is ok


@pytest.mark.parametrize("relation", ["==", "<=", ">="])
@pytest.mark.parametrize(
    ("exact", "measured", "tolerance"),
    [(1, np.nan, 9), (np.nan, 1, 9), (np.nan, np.nan, 9), (1, 1, np.nan), ([1, 1], [1, np.nan], 9)],
)
def test_nan_never_passes(relation, exact, measured, tolerance):
    assert not Outcome(exact, measured, tolerance, relation).ok


def test_one_entry_beyond_its_own_tolerance_fails_and_is_the_worst():
    exact, measured = np.zeros((2, 2)), np.array([[0.5, 0.0], [-0.2, 0.1]])
    tolerance = np.array([[1.0, 0.0], [0.1, 0.1]])
    outcome = Outcome(exact, measured, tolerance)
    assert not outcome.ok
    assert outcome.worst == (0.0, -0.2, 0.1)
    np.testing.assert_allclose(outcome.excess, [[-0.5, 0], [0.1, 0]], atol=1e-15)
    assert Outcome(exact, measured, np.maximum(tolerance, 0.2)).ok
    assert Outcome(exact, measured, tolerance, "<=").ok


def test_the_worst_of_a_scalar_and_an_array():
    assert Outcome(0, [0.1, -0.4, 0.3], 1).worst == (0.0, -0.4, 1.0)
    assert Outcome(2, 3).worst == (2.0, 3.0, 0.0)


@pytest.mark.parametrize(("measured", "verdict"), [(2.0, "ok"), (2.5, "FAILED")])
def test_a_row_says_everything_in_two_lines(measured, verdict):
    claim = Claim(
        "a-name", "family", "Two is two", "Nobody 1900", lambda: Outcome(2, measured, 0.1)
    )
    row = prove(claim)
    assert row.claim is claim
    assert 0 <= row.seconds < 1
    first, second = str(Row(claim, row.outcome, 1.25)).splitlines()
    assert first == f"{verdict:6s}  a-name: Two is two [Nobody 1900]"
    assert second.split() == f"measured {measured:g} == exact 2, tolerance 1.0e-01, 1.2 s".split()
    explained = Outcome(2, measured, 0.1, because="a guess")
    assert "tolerance 1.0e-01 (a guess), 1.2 s" in str(Row(claim, explained, 1.25))
