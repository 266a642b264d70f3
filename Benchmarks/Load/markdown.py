"""Tables as Markdown, so that results can be pasted as they are."""


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def section(title, header, rows):
    print(f"\n### {title}\n\n{table(header, rows)}", flush=True)
