"""Judges of the end-to-end tests, and the wrong answers that they must reject."""

import numpy as np

COSINE_BOUND = 2e-3


class Failure(Exception):
    pass


def same_form(expected, found):
    """The same names, types and shapes; everything finite."""
    if sorted(found) != sorted(expected):
        raise Failure(f"outputs: expected {sorted(expected)}, found {sorted(found)}")
    for name, reference in expected.items():
        if found[name].shape != reference.shape or found[name].dtype != reference.dtype:
            raise Failure(f"output '{name}': expected {reference.dtype}{list(reference.shape)}, found "
                          f"{found[name].dtype}{list(found[name].shape)}")
        if found[name].dtype.kind in "fc" and not np.isfinite(found[name]).all():
            raise Failure(f"output '{name}' has values that are not finite")


def relative_error(reference, found):
    """The largest error relative to the range of the reference; whole numbers
    have to be equal."""
    if reference.dtype.kind not in "fc":
        return 0.0 if np.array_equal(reference, found) else np.inf
    reference = reference.astype(np.float64)
    spread = float(reference.max() - reference.min()) or float(np.abs(reference).max()) or 1.0
    return float(np.abs(reference - found.astype(np.float64)).max()) / spread


def within_range(expected, found, tolerance):
    """The largest error of all outputs, at most `tolerance`."""
    same_form(expected, found)
    worst = max(relative_error(expected[name], found[name]) for name in expected)
    if not worst <= tolerance:
        raise Failure(f"the largest error is {worst:.2e} of the range; allowed are {tolerance:.0e}")
    return worst


def within_cosine(expected, found, classifier):
    """1 - cosine of all outputs (of a classifier's rows), at most the bound."""
    same_form(expected, found)
    worst = 0.0
    for name, reference in expected.items():
        rows = reference.reshape(reference.shape[0] if classifier else 1, -1).astype(np.float64)
        others = found[name].reshape(rows.shape).astype(np.float64)
        norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(others, axis=1)
        worst = max(worst, float(np.max(1 - (rows * others).sum(1) / np.maximum(norms, 1e-30))))
        if classifier:
            same_top1(rows, others, name)
    if not worst <= COSINE_BOUND:
        raise Failure(f"the cosine to the reference is 1 - {worst:.1e}; allowed is {COSINE_BOUND}")
    return worst


def same_top1(rows, others, name):
    """The same top-1 wherever the reference's gap exceeds twice the error that
    the bound of the cosine leaves to a value on average (no value may use up the
    whole bound alone: this asks for more rows than that would)."""
    ordered = np.sort(rows, axis=1)
    allowed = np.sqrt(2 * COSINE_BOUND) * np.linalg.norm(rows, axis=1) / np.sqrt(rows.shape[1])
    clear = ordered[:, -1] - ordered[:, -2] > 2 * allowed
    wrong = np.flatnonzero(clear & (rows.argmax(1) != others.argmax(1)))
    if wrong.size:
        raise Failure(f"output '{name}': another top-1 in {wrong.size} rows, first row {wrong[0]}")


def expect_failure(name, judges, expected, found):
    try:
        judges(expected, found)
    except Failure:
        return
    raise Failure(f"the case cannot fail: it also accepts {name}")


def mutations(expected, tolerance):
    """Wrong answers: (what is wrong, outputs by name)."""
    for name, value in expected.items():
        if value.dtype.kind == "f":
            spread = float(value.max() - value.min()) or float(np.abs(value).max()) or 1.0
            for at, where in ((0, "first"), (value.size // 2, "middle"), (value.size - 1, "last")):
                wrong = value.astype(np.float64)
                wrong.flat[at] += max(2.5 * tolerance, 1e-6) * spread
                if relative_error(value, wrong) > tolerance:
                    yield (f"a {where} element of '{name}' that is off by {2.5 * tolerance:.0e} of the range",
                           {**expected, name: wrong.astype(value.dtype)})
        yield f"no output '{name}'", {key: each for key, each in expected.items() if key != name}
        another = np.float32 if value.dtype == np.float64 else np.float64
        yield f"another type of '{name}'", {**expected, name: value.astype(another)}
        yield f"'{name}' with one more dim", {**expected, name: value[None]}
    yield from coarse_mutations(expected)


def coarse_mutations(expected):
    """Wrong answers that any judge has to see."""
    for name, value in expected.items():
        if value.size and np.any(value):
            yield f"zeros as '{name}'", {**expected, name: np.zeros_like(value)}
            if value.dtype.kind == "f":
                yield f"'{name}' with the other sign", {**expected, name: -value}
        rows = value.reshape(value.shape[0], -1) if value.ndim > 1 and value.shape[0] > 1 else None
        if rows is not None and relative_error(value, np.roll(value, 1, 0)) > 0.1:
            yield f"'{name}' with its rows moved on by one", {**expected, name: np.roll(value, 1, 0)}
    names = list(expected)
    for first, second in zip(names, names[1:]):
        a, b = expected[first], expected[second]
        if a.shape == b.shape and a.dtype == b.dtype and relative_error(a, b) > 0.1:
            yield f"'{first}' and '{second}' exchanged", {**expected, first: b, second: a}


def other_inputs(inputs):
    """Other inputs that a model must answer differently, one input changed at a
    time: (which, inputs by name). Scalars choose a model's form and stay."""
    for name, value in inputs.items():
        if value.size < 2:
            continue
        if value.dtype.kind == "f":
            other = value[..., ::-1] * np.float32(0.9) + np.float32(0.05) * (1 + np.abs(value).max())
        elif not value.any():
            other = np.ones_like(value)
        elif set(np.unique(value)) <= {0, 1}:
            other = value.copy()
            other[..., value.shape[-1] // 2:] = 0
        else:
            other = value[..., ::-1]
        yield f"another '{name}'", {**inputs, name: np.ascontiguousarray(other).astype(value.dtype)}
