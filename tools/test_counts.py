"""Prints 'passed failed' of a ctest report (JUnit format). A test that did not run, disabled ones too, has failed; so has a
report without tests."""

import sys
import xml.etree.ElementTree

suite = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
total = max(1, len(suite.findall("testcase")))
passed = sum(1 for case in suite.findall("testcase") if case.get("status") == "run")
print(passed, total - passed)
