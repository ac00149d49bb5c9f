"""Compares what a scenario expects with what happened, and says what differs."""

import re


class Mismatch(Exception):
    """An expectation that did not hold; its text is for people."""


def _contains(want, got):
    wanted = want if isinstance(want, list) else [want]
    return all(str(part) in got for part in wanted)


# {contains: x} and the like, in place of a plain value.
OPERATORS = {
    "contains": _contains,
    "lacks": lambda want, got: not any(str(part) in got for part in (want if isinstance(want, list) else [want])),
    "matches": lambda want, got: re.fullmatch(want, got, re.S) is not None,
    "starts with": lambda want, got: got.startswith(want),
    "ends with": lambda want, got: got.endswith(want),
    "any of": lambda want, got: got in [str(w) for w in want],
    "at least": lambda want, got: float(got) >= want,
    "at most": lambda want, got: float(got) <= want,
    "length": lambda want, got: all(OPERATORS[o](w, len(got)) for o, w in want.items()) if isinstance(want, dict) else len(got) == want,
    "not": lambda want, got: got != str(want),
}


def is_operator(want):
    return isinstance(want, dict) and bool(want) and set(want) <= set(OPERATORS)


def holds(want, got):
    """Whether text `got` is what `want` (a value, or a map of operators) asks for."""
    if got is None:
        return False
    got = str(got)
    if is_operator(want):
        return all(OPERATORS[name](value, got) for name, value in want.items())
    if isinstance(want, bool):
        return got == str(want).lower()
    return got == str(want)


def check(what, want, got):
    if holds(want, got):
        return
    if is_operator(want) and isinstance(want.get("contains"), list) and isinstance(got, str):
        missing = [part for part in want["contains"] if str(part) not in got]
        if missing:
            raise Mismatch(f"{what}: lacks {missing!r}; got {short(got)}")
    raise Mismatch(f"{what}: expected {want!r}, got {short(got)}")


def short(got):
    text = repr(got)
    return text if len(text) < 1500 else f"{text[:1500]}... ({len(text)} characters)"


def check_tree(what, want, got):
    """Maps: every key that is wanted; lists: element by element; the rest as text."""
    if isinstance(want, dict) and not is_operator(want):
        if not isinstance(got, dict):
            raise Mismatch(f"{what}: expected a map with {sorted(want)}, got {got!r}")
        for key, value in want.items():
            check_tree(f"{what}.{key}", value, got.get(key))
    elif isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            raise Mismatch(f"{what}: expected {want!r}, got {got!r}")
        for index, value in enumerate(want):
            check_tree(f"{what}[{index}]", value, got[index])
    elif want is None:
        if got is not None:
            raise Mismatch(f"{what}: expected null, got {got!r}")
    elif isinstance(got, bool):
        check(what, want, str(got).lower())
    else:
        check(what, want, got)


def check_headers(what, headers, wanted, absent):
    """`headers` is a list of pairs. A list of values asks for the header that often, in that order."""
    values = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)
    for name, want in (wanted or {}).items():
        got = values.get(name.lower(), [])
        if isinstance(want, list):
            if len(got) != len(want) or not all(holds(w, g) for w, g in zip(want, got)):
                raise Mismatch(f"{what} header {name}: expected {want!r}, got {got!r}")
        elif len(got) != 1 or not holds(want, got[0]):
            raise Mismatch(f"{what} header {name}: expected {want!r}, got {got!r} among {headers!r}")
    for name in absent or []:
        if name.lower() in values:
            raise Mismatch(f"{what} header {name}: expected none, got {values[name.lower()]!r}")
