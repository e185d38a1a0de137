"""Judges samples of JSON: the same bytes, or valid JSON with the leading elements of its arrays."""
import json

from texts import exact, inexact, prefix_fault, unjudged

ELEMENTS = 100


class Members(list):
    """The members of an object, in order, repeated keys too."""


def strict(name):
    raise ValueError(f"{name} is not JSON")


def parse(data):
    return json.loads(
        data.decode("utf-8-sig"),
        parse_int=lambda digits: ("number", digits),
        parse_float=lambda digits: ("number", digits),
        parse_constant=strict,
        object_pairs_hook=Members,
    )


def judge_json(original, sample, receipt, name):
    # That its name is another format's says nothing of the content.
    warnings = [each for each in receipt.get("warnings", []) if not each.startswith("named ")]
    if receipt.get("complete"):
        fault = prefix_fault(original, sample, receipt)
        return inexact(fault) if fault else flag_fault(original, name, warnings) or exact()
    try:
        wanted = parse(original)
    except (ValueError, RecursionError) as error:
        return judge_broken(original, sample, str(error))
    try:
        found = parse(sample)
    except (ValueError, RecursionError) as error:
        return inexact(f"the sample is not JSON, the original is: {error}")
    fault = cut_fault(found, wanted)
    if fault:
        return inexact(fault)
    if receipt.get("cut") == "rows" and not any(len(a) == ELEMENTS for a in outermost(found)):
        return inexact(f"cut by rows, but no array has {ELEMENTS} elements")
    return inexact("warned of, though valid") if warnings else exact()


def judge_json_lines(sample, receipt):
    """What is named .json and was taken for lines of JSON has to begin with one."""
    first = next((line for line in sample.splitlines() if line.strip()), b"0")
    try:
        parse(first)
    except RecursionError:
        return exact()
    except ValueError as error:
        if not receipt.get("warnings"):
            return inexact(f"neither JSON nor lines of it, but no warning: {error}")
    return exact()


def flag_fault(original, name, warnings):
    """A broken original has a warning, a valid one has none; `i_` may have either."""
    try:
        parse(original)
        flaw = None
    except RecursionError:
        return None
    except ValueError as error:
        flaw = str(error)
    if name.startswith("i_"):
        return None
    if flaw and not warnings:
        return inexact(f"not JSON, but no warning: {flaw}")
    return None if flaw or not warnings else inexact(f"valid, but warned of: {warnings[0]}")


def judge_broken(original, sample, flaw):
    """Nothing but closers may follow what is the original's."""
    same = next((i for i, (a, b) in enumerate(zip(original, sample)) if a != b), len(original))
    rest = sample[same:].strip(b"]} \t\r\n")
    return unjudged(f"the original is not JSON: {flaw}") if rest else exact()


def outermost(value):
    if isinstance(value, Members):
        return [array for _, member in value for array in outermost(member)]
    return [value] if isinstance(value, list) else []


def cut_fault(found, wanted, path="$"):
    """Why one value is not the other with its outermost arrays cut, or None."""
    if isinstance(wanted, Members) and isinstance(found, Members):
        for (key, member), (wanted_key, wanted_member) in zip(found, wanted):
            if key != wanted_key:
                return f"{path}: key {key!r} in place of {wanted_key!r}"
            fault = cut_fault(member, wanted_member, f"{path}.{key}")
            if fault:
                return fault
        return None if len(found) <= len(wanted) else f"{path}: more keys than there are"
    if type(found) is list and type(wanted) is list:
        if len(found) > ELEMENTS:
            return f"{path}: {len(found)} elements"
        return None if found == wanted[: len(found)] else f"{path}: elements differ"
    return None if found == wanted and type(found) is type(wanted) else f"{path}: differs"
