"""Prints 'passed failed' of a ctest report (JUnit format), then the names of the failed, one a line. A test that did not run,
disabled ones too, has failed; so has a report without tests."""

import sys
import xml.etree.ElementTree

cases = xml.etree.ElementTree.parse(sys.argv[1]).getroot().findall("testcase")
failed = [case.get("name") for case in cases if case.get("status") != "run"]
passed = len(cases) - len(failed)
if not cases:
    failed = ["no test ran"]
print(passed, len(failed))
for name in failed:
    print(name)
