# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Comparing reports with the reference's values, and the table of what came out.

Bounds: features computed in integers, SSIM, MS-SSIM, float VIF and float motion, and the scores of
models on integer features must be equal in every bit. float_adm may be off by 1e-6 of the value,
scores of the float models by 1e-4.
"""

import threading

EXACT = "exact"
FAMILIES = {
    # family: (bound, what it is relative to)
    "adm": (0, EXACT),
    "vif": (0, EXACT),
    "motion": (0, EXACT),
    "psnr": (0, EXACT),
    "float_ssim": (0, EXACT),
    "float_ms_ssim": (0, EXACT),
    "model score": (0, EXACT),
    "float_adm": (1e-6, "relative"),
    "float_vif": (0, EXACT),
    "float_motion": (0, EXACT),
    "float model score": (1e-4, "absolute"),
}
PREFIXES = (
    ("integer_adm", "adm"),
    ("integer_aim", "adm"),
    ("integer_vif", "vif"),
    ("integer_motion", "motion"),
    ("VMAF_integer_feature_motion", "motion"),
    ("psnr_", "psnr"),
    ("mse_", "psnr"),
    ("apsnr_", "psnr"),
    ("float_ssim", "float_ssim"),
    ("float_ms_ssim", "float_ms_ssim"),
    ("adm", "float_adm"),
    ("aim", "float_adm"),
    ("vif", "float_vif"),
    ("motion", "float_motion"),
)


def family_of(name, float_model=False):
    if name.startswith("vmaf"):
        return "float model score" if float_model else "model score"
    for prefix, family in PREFIXES:
        if name.startswith(prefix):
            return family
    raise ValueError(f"no family for feature {name}")


class Row:
    def __init__(self):
        self.compared = self.differing = self.outside = self.skipped = 0
        self.max_abs = self.max_rel = 0.0


class Table:
    """Counts per family; may be used from several threads."""

    def __init__(self):
        self.rows = {family: Row() for family in FAMILIES}
        self.notes = {}
        self.lock = threading.Lock()

    def note(self, text, n=1):
        with self.lock:
            self.notes[text] = self.notes.get(text, 0) + n

    def skip(self, family, n):
        with self.lock:
            self.rows[family].skipped += n

    def add(self, family, got, want):
        """True if got is within the family's bound of want; None stands for a value not finite."""
        bound, kind = FAMILIES[family]
        with self.lock:
            row = self.rows[family]
            row.compared += 1
            if got == want:
                return True
            row.differing += 1
            if got is None or want is None:
                row.outside += 1
                return False
            distance = abs(got - want)
            relative = distance / abs(want) if want else float("inf")
            row.max_abs = max(row.max_abs, distance)
            row.max_rel = max(row.max_rel, relative)
            ok = (relative if kind == "relative" else distance) <= bound
            row.outside += not ok
            return ok

    def print(self, out):
        line = "{:<18} {:>9} {:>10} {:>10} {:>11} {:>11} {:>9}   {}"
        print(
            line.format(
                "family", "compared", "differing", "outside", "max abs", "max rel", "skipped", "bound"
            ),
            file=out,
        )
        for family, row in self.rows.items():
            bound, kind = FAMILIES[family]
            print(
                line.format(
                    family,
                    row.compared,
                    row.differing,
                    row.outside,
                    f"{row.max_abs:.3g}",
                    f"{row.max_rel:.3g}",
                    row.skipped,
                    kind if kind == EXACT else f"{bound:g} {kind}",
                ),
                file=out,
            )
        for text, n in sorted(self.notes.items()):
            print(f"{n:6}  {text}", file=out)


def flatten(frames, pooled, aggregate):
    """[(place, feature name, value)] of a report, in its order."""
    values = [(f"frame {i}", name, v) for i, f in enumerate(frames) for name, v in f.items()]
    for name, methods in pooled.items():
        for method in ("min", "max", "mean", "harmonic_mean"):
            values.append((f"pooled {method}", name, methods.get(method)))
    return values + [("aggregate", name, v) for name, v in aggregate.items()]


def compare_reports(table, got, want, float_model=False, skip=()):
    """Faults, in words. got is a report of ours, want has frames, pooled and maybe aggregate."""
    mine = flatten(
        [f["metrics"] for f in got["frames"]], got["pooled_metrics"], got["aggregate_metrics"]
    )
    theirs = flatten(want["frames"], want["pooled"], want.get("aggregate", {}))
    if [x[:2] for x in mine] != [x[:2] for x in theirs]:
        for a, b in zip(mine + [None], theirs + [None]):
            if a is None or b is None or a[:2] != b[:2]:
                return [f"names or their order: has {a and a[:2]}, expected {b and b[:2]}"]
    faults = []
    for (place, name, have), (_, _, expected) in zip(mine, theirs):
        family = family_of(name, float_model)
        if family in skip:
            table.skip(family, 1)
        elif not table.add(family, have, expected):
            faults.append(f"{place} {name}: {have!r}, expected {expected!r}")
    return faults
