"""Prints one line, "N passed, M failed", over the log of `swift test` and pytest's XML; fails if M is not 0.

    count-tests.py SWIFT_LOG PYTEST_XML STATUS

A run that ended with a non-zero status without a test that failed (a crash, say) counts as one failure.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree


def count_swift(path):
    passed = failed = 0
    for line in open(path, errors="replace"):
        if match := re.search(r"\bTest (?!run with\b).*\b(passed|failed) after [\d.]+ seconds", line):
            passed, failed = passed + (match[1] == "passed"), failed + (match[1] == "failed")
    return passed, failed


def count_pytest(path):
    try:
        suites = list(ElementTree.parse(path).getroot().iter("testsuite"))
    except (OSError, ElementTree.ParseError):
        return 0, 1
    total, failures, errors, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors", "skipped"))
    return max(total - failures - errors - skipped, 0), failures + errors


def main():
    swift_log, pytest_xml, status = sys.argv[1:]
    counts = [count_swift(swift_log), count_pytest(pytest_xml)]
    passed, failed = (sum(column) for column in zip(*counts))
    if status != "0":
        failed = max(failed, 1)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
