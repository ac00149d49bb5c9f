#!/usr/bin/env python3
"""Runs outriggerctl on the cases: the real binary, its output and its exit codes.

  run.py --binary PATH [--ctl PATH] [-k FILTER] [-v]

The last line is 'N passed, N failed'; each run of a case counts. README.md says how a case is written.
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import yaml

CASES = pathlib.Path(__file__).resolve().parent / "cases"
LIMIT = 30  # seconds for one run; sanitizers are slow
RUN_FIELDS = {"args", "exit", "out", "err", "not_out", "not_err", "whole_out", "written"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="Outrigger, beside whose folder the tools are")
    parser.add_argument("--ctl", help="outriggerctl (default: ../tools/outriggerctl from the binary)")
    parser.add_argument("--echo", help="outrigger-echo, which nothing here needs")
    parser.add_argument("--with-envoy", action="store_true", help="the same (Envoy's releases have no router check tool)")
    parser.add_argument("-k", metavar="FILTER", default="", help="only cases whose name matches this regular expression")
    parser.add_argument("-v", action="store_true", help="name what passed, too")
    options = parser.parse_args()
    if options.ctl is None and options.binary is None:
        parser.error("one of --binary and --ctl is needed")
    if options.ctl is None:
        options.ctl = pathlib.Path(options.binary).parent.parent / "tools/outriggerctl"
    options.ctl = pathlib.Path(options.ctl).resolve()
    return options


def is_line(wanted, line):
    if wanted.startswith("...") or wanted.endswith("..."):
        return wanted.strip(".") in line if wanted.startswith("...") else line.startswith(wanted.rstrip("."))
    return wanted == line


def missing_lines(wanted, text, stream):
    """The first line that is not there behind the one before it."""
    lines = iter(text.splitlines())
    for each in wanted:
        if not any(is_line(each, line) for line in lines):
            yield f"{stream} lacks the line: {each}"
            return


def problems(run, folder, done):
    if done.returncode != run.get("exit", 0):
        yield f"exit code {done.returncode}"
    yield from missing_lines(run.get("out", []), done.stdout, "out")
    yield from missing_lines(run.get("err", []), done.stderr, "err")
    for stream, text in (("out", done.stdout), ("err", done.stderr)):
        for unwanted in run.get(f"not_{stream}", []):
            if unwanted in text:
                yield f"{stream} has: {unwanted}"
    if "whole_out" in run and run["whole_out"] != done.stdout:
        yield "out is another one"
    for name, texts in run.get("written", {}).items():
        file = folder / name
        written = file.read_text() if file.exists() else ""
        for text in texts:
            if text not in written:
                yield f"{name} lacks: {text}; it has: {written!r}"


def run_case(case, options):
    """Yields (name, problem or empty) for each run."""
    content = yaml.safe_load(case.read_text())
    with tempfile.TemporaryDirectory(prefix="outriggerctl-") as folder:
        folder = pathlib.Path(folder)
        for name, text in content.get("files", {}).items():
            (folder / name).write_text(text)
        for number, run in enumerate(content["runs"], 1):
            name = f"{case.stem} {number}: {run['args']}"
            unknown = set(run) - RUN_FIELDS
            if unknown:
                yield name, f"the case has unknown fields: {', '.join(unknown)}"
                continue
            try:
                done = subprocess.run([options.ctl, *shlex.split(run["args"])], cwd=folder, capture_output=True, text=True,
                                      timeout=LIMIT)
            except (subprocess.TimeoutExpired, OSError) as error:
                yield name, str(error)
                continue
            found = list(problems(run, folder, done))
            if found:
                found += ["out:", done.stdout, "err:", done.stderr]
            yield name, "\n".join(found)


def main():
    options = arguments()
    passed = failed = 0
    for case in sorted(CASES.glob("*.yaml")):
        if not re.search(options.k, case.stem):
            continue
        for name, problem in run_case(case, options):
            if problem:
                failed += 1
                print(f"FAIL {name}\n{problem}")
            else:
                passed += 1
                if options.v:
                    print(f"ok {name}")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
