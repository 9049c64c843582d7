"""What a test has done, told from the plan that takes it back."""

import json
from typing import Any


LONGEST = 100
"""No more lines are told."""


def told(plan: dict[str, Any]) -> str:
    """Returns a line for each row and file; an empty text when all is as it was."""
    lines = []
    for part in plan["tables"]:
        table = part["table"]
        lines += [f"removed  {table}  {row['row']}" for row in part["inserts"]]
        lines += [
            f"changed  {table}  {changes(row)}" for row in part["updates"] if not row["clock_only"]
        ]
        lines += [f"made     {table}  {row['label']}" for row in part["deletes"]]
    lines += [f"made     {row['table']}  {row['label']}" for row in plan["debris"]]
    lines += [f"changed  file  {path}" for path in plan["files"]["write"]]
    lines += [f"made     file  {path}" for path in plan["files"]["remove"]]
    if len(lines) > LONGEST:
        lines[LONGEST:] = [f"... and {len(lines) - LONGEST} more"]
    return "".join(line + "\n" for line in lines)


def changes(row: dict[str, Any]) -> str:
    hidden = row.get("not_shown", [])
    told = (change(each, each["column"] in hidden) for each in row["changes"])
    return f"{row['row']}: {', '.join(told)}"


def change(change: dict[str, Any], hidden: bool) -> str:
    column = change["column"]
    if hidden:
        return f"{column} differs (not shown)"
    return f"{column} {cell(change['after'])} -> {cell(change['before'])}"


def cell(value: object) -> str:
    """Returns a value as a person reads it, long texts cut."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:36] + '..."'
