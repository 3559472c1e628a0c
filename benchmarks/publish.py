"""`python -m benchmarks.publish var/bench/....json ...`: put measured tables and plots into docs/benchmarks.md.

Of several files a later one's rows and curves replace an earlier one's.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from benchmarks.report import conditions_table, cpu_table, curves_tables, plots, self_test_table, table
from tests.processes import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = ROOT / "docs" / "benchmarks"


def merged(documents: list[dict[str, Any]]) -> dict[str, Any]:
    result = dict(documents[0])
    for document in documents[1:]:
        result |= {
            **document,
            "rows": {**result["rows"], **document["rows"]},
            "curves": {**result["curves"], **document["curves"]},
        }
    return result


def main(paths: list[str]) -> None:
    document = merged([json.loads(Path(path).read_text()) for path in paths])
    scale = document["conditions"]["scale"]
    sections = {
        "conditions": conditions_table(document["conditions"]),
        "self-test": self_test_table(document["self_test"]),
        "rows": table(document["rows"], scale),
        "cpu": cpu_table(document["rows"], scale),
        "curves": curves_tables(document["curves"]),
    }
    text = PAGE.read_text()
    for name, content in sections.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text = re.sub(pattern, lambda match, content=content: f"{match[1]}{content}\n{match[2]}", text, flags=re.DOTALL)  # type: ignore[misc]
    PAGE.write_text(text)
    PLOTS.mkdir(exist_ok=True)
    for name, svg in plots(document["curves"]).items():
        (PLOTS / name).write_text(svg)


if __name__ == "__main__":
    main(sys.argv[1:])
