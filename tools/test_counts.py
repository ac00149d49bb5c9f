"""test_counts.py REPORT AGAIN

Prints 'passed failed' of a ctest report (JUnit format), then 'failed NAME' or 'unstable NAME' a line. A test that did not run,
disabled ones too, has failed; so has a report without tests. What failed in REPORT and passed in AGAIN, where it ran alone, is unstable:
it counts as passed, unless more failed than a busy machine explains."""

import pathlib
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "test/wire"))

from harness.attempts import MOST_UNSTABLE  # noqa: E402


def verdicts(report):
    """Name -> whether it passed; empty: there is no report."""
    if not pathlib.Path(report).exists():
        return {}
    cases = xml.etree.ElementTree.parse(report).getroot().findall("testcase")
    return {case.get("name"): case.get("status") == "run" for case in cases}


first, second = map(verdicts, sys.argv[1:3])
failed = [name for name, passed in first.items() if not passed]
unstable = [name for name in failed if second.get(name) and len(failed) <= MOST_UNSTABLE]
failed = [name for name in failed if name not in unstable]
if not first:
    failed = ["no test ran"]
print(len(first) - len(failed) if first else 0, len(failed))
for name in failed:
    print("failed", name)
for name in unstable:
    print("unstable", name)
