"""ISO 8601 durations of whole days and more, as periods are declared."""

import re

DURATION = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?")
SPANS = {"Y": "year", "M": "month", "W": "week", "D": "day"}


def in_words(said: str) -> str:
    """`P10Y` → 10 years."""
    parts = re.findall(r"(\d+)([YMWD])", said)
    return " ".join(f"{count} {SPANS[span]}{'' if count == '1' else 's'}" for count, span in parts)
