"""Ways to be wrong on p-values of permutation tests."""

from breaks import rewrite
from minivae.diagnostics import two_samples
from minivae.diagnostics.two_samples import TwoSampleReport

UNIFORM, ENUMERATED = "p-values-are-uniform", "p-values-by-enumeration"
P_VALUE = TwoSampleReport.p_value.fget
QUOTIENT, REACHES = "return (1 + count)", "self.null >= self.statistic - tie"

BREAKS = [
    (UNIFORM, rewrite(P_VALUE, QUOTIENT, "return count")),
    (UNIFORM, rewrite(P_VALUE, QUOTIENT, "return (1 + count / 2)")),
    (UNIFORM, rewrite(two_samples._energies, "distances * s", "distances * s[0]")),
    (UNIFORM, rewrite(two_samples._signs, "(B, 1)), axis=1", "(B, 1)), axis=0")),
    (ENUMERATED, rewrite(P_VALUE, REACHES, "self.null > self.statistic + tie")),
    (ENUMERATED, rewrite(P_VALUE, REACHES, "self.null >= self.statistic + tie")),
    (ENUMERATED, rewrite(two_samples._signs, "[1 / n, -1 / m]", "[1 / n, -2 / m]")),
]
