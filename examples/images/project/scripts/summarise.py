# SPDX-License-Identifier: Apache-2.0
"""Puts what the notebooks measured into one table, in Markdown."""

import argparse
import json
import pathlib


def main():
    """Reads CONDITION.json of each condition, writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("metrics", type=pathlib.Path)
    parser.add_argument("table", type=pathlib.Path)
    args = parser.parse_args()

    lines = ["| condition | accuracy | errors | images |",
             "|---|---|---|---|"]
    for path in sorted(args.metrics.glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        lines.append(f"| {path.stem} | {found['accuracy']:.4f} | "
                     f"{found['errors']} | {found['images']} |")
    args.table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
