"""Tables as Markdown, so that results can be pasted as they are, and read again."""


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def section(title, header, rows):
    print(f"\n### {title}\n\n{table(header, rows)}", flush=True)


def verdict(is_reached):
    return "reached" if is_reached else "missed"


def tables(text):
    """All tables of a text, each with its heading, its header and its rows."""
    found, title, rows = [], "", []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if len(rows) > 1:
            found.append({"title": title, "header": rows[0], "rows": rows[2:]})
        rows = []
        if line.startswith("#"):
            title = line.lstrip("#").strip()
    return found
