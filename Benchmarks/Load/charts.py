"""Bar charts of tables, as SVG that needs nothing else."""
import re
from html import escape

_COLOURS = ["#1f6feb", "#d9822b", "#57a773", "#9b5de5", "#8a8a8a"]
_LABEL_WIDTH, _BAR_WIDTH, _NUMBER_WIDTH = 300, 460, 90
_BAR_HEIGHT, _GAP = 13, 8


def _number(cell):
    """The first number of a cell, None without one."""
    found = re.search(r"-?[\d,]*\.?\d+", cell)
    return float(found[0].replace(",", "")) if found else None


def bars(title, series, groups, line=None):
    """A chart of groups of bars: `groups` has (label, a value for each of the series or None). `line`: (value, label)."""
    values = [value for _, row in groups for value in row if value is not None]
    largest = max(values + ([line[0]] if line else []), default=1) or 1
    top = 58 if len(series) > 1 else 40
    height = top + sum(_GAP + _BAR_HEIGHT * len(row) for _, row in groups) + 12
    width = _LABEL_WIDTH + _BAR_WIDTH + _NUMBER_WIDTH
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">',
           f'<rect width="{width}" height="{height}" fill="white"/>',
           f'<text x="12" y="22" font-size="14" font-weight="bold">{escape(title)}</text>']
    if len(series) > 1:
        for index, name in enumerate(series):
            x = 12 + index * 180
            out.append(f'<rect x="{x}" y="34" width="10" height="10" fill="{_COLOURS[index % len(_COLOURS)]}"/>'
                       f'<text x="{x + 15}" y="43">{escape(name)}</text>')
    y = top
    for label, row in groups:
        out.append(f'<text x="{_LABEL_WIDTH - 8}" y="{y + _BAR_HEIGHT * len(row) / 2 + 4}" text-anchor="end">{escape(label)}</text>')
        for index, value in enumerate(row):
            if value is not None:
                length = max(1, value / largest * _BAR_WIDTH)
                out.append(f'<rect x="{_LABEL_WIDTH}" y="{y + 1}" width="{length:.1f}" height="{_BAR_HEIGHT - 2}" '
                           f'fill="{_COLOURS[index % len(_COLOURS)]}"/>'
                           f'<text x="{_LABEL_WIDTH + length + 5:.1f}" y="{y + 10}" fill="#444">{value:,g}</text>')
            y += _BAR_HEIGHT
        y += _GAP
    if line:
        x = _LABEL_WIDTH + line[0] / largest * _BAR_WIDTH
        out.append(f'<line x1="{x:.1f}" y1="{top - 4}" x2="{x:.1f}" y2="{y}" stroke="#c00" stroke-dasharray="4 3"/>'
                   f'<text x="{x + 4:.1f}" y="{top - 6}" fill="#c00">{escape(line[1])}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def of_columns(table, columns, title):
    """Some columns of a table, a group for each row; without rows that are goals."""
    places = [table["header"].index(column) for column in columns]
    groups = [(row[0], [_number(row[place]) for place in places]) for row in table["rows"] if row[0] != "goal"]
    return bars(title, columns, groups)


def of_ratios(table, column, title):
    """One column, with a line where both sides are even."""
    place = table["header"].index(column)
    return bars(title, [column], [(row[0], [_number(row[place])]) for row in table["rows"]], line=(1, "even"))
