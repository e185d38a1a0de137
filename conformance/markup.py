"""Judges samples of XML with expat: well-formed, and its elements those that the original begins with."""
import re
from xml.parsers import expat

from texts import count_fault, exact, inexact, unjudged

ROWS = 100


def judge_xml(original, sample, receipt):
    if receipt.get("complete"):
        return exact() if original == sample else inexact("said to be complete, and differs")
    whole, kept = read(original), read(sample)
    if kept.fault:
        fault = f"the sample is not well-formed: {kept.fault}"
        # What expat cannot read, such as an encoding, says nothing of what was cut.
        return inexact(fault) if whole.fault is None else unjudged(whole.fault)
    if whole.fault is None and receipt.get("warnings"):
        return inexact("well-formed, but with a warning")
    begun = re.sub(rb"(</[^<>]*>)+\Z", b"", sample)
    if not original.startswith(begun):
        return inexact("differs from the original before its end tags")
    if kept.tags != whole.tags[: len(kept.tags)]:
        return inexact("its elements are not those that the original begins with")
    return count_fault(kept.most, ROWS, receipt) or exact()


class Read:
    def __init__(self):
        self.tags = []
        self.most = 0
        self.fault = None
        self.children = [{}]

    def start(self, name, attributes):
        counts = self.children[-1]
        counts[name] = counts.get(name, 0) + 1
        self.most = max(self.most, counts[name])
        self.tags.append((len(self.children), name, attributes))
        self.children.append({})

    def end(self, _name):
        self.children.pop()


def read(data):
    """What expat hears of it; entities stay unread."""
    heard = Read()
    parser = expat.ParserCreate()
    parser.StartElementHandler = heard.start
    parser.EndElementHandler = heard.end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        heard.fault = str(error)
    return heard
