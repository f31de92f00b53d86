"""Draws what cluster.sh measured beside the cost model of docs/scale.md, as SVG: cluster_plot.py CSV [CSV...] > docs/images/scale.svg"""
import csv
import statistics
import sys

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 360, 64, 44, 28
COLOURS = ["#1f6f8b", "#b3541e", "#4c7a34"]
COUNTS = [0, 1, 2, 4, 8]


def medians(path):
    seconds = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            seconds.setdefault(int(row["workers"]), []).append((float(row["seconds"]), int(row["cores"])))
    return {count: (statistics.median(s for s, _ in found), found[0][1]) for count, found in seconds.items()}


def model(measured):
    """Fitted on one worker and two: a part that is done once, and a part that is divided by the cores that are really there."""
    one, two = measured[1][0], measured[2][0]
    divided = max(0.0, 2 * (one - two)) if measured[2][1] == 2 else one
    once = one - divided
    return {count: once + divided / cores for count, (_, cores) in measured.items() if count > 0}


series = {path.rsplit("/", 1)[-1].removesuffix(".csv"): medians(path) for path in sys.argv[1:]}
top = max(s for found in series.values() for s, _ in found.values()) * 1.1
x = lambda count: LEFT + 40 + COUNTS.index(count) * (WIDTH - LEFT - 100) / (len(COUNTS) - 1)
y = lambda seconds: HEIGHT - BOTTOM - seconds / top * (HEIGHT - BOTTOM - TOP)
out = [
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" role="img" '
    f'aria-label="Seconds by number of workers, measured and by the cost model">',
    f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
]
for part in range(5):
    seconds = top * part / 4
    out.append(f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y(seconds):.1f}" y2="{y(seconds):.1f}" stroke="#dddddd"/>')
    out.append(f'<text x="{LEFT - 8}" y="{y(seconds) + 4:.1f}" text-anchor="end" fill="#444444">{seconds:.0f} s</text>')
for count in COUNTS:
    name = "alone" if count == 0 else f"{count} worker{'s' if count > 1 else ''}"
    out.append(f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#444444">{name}</text>')
for (name, found), colour in zip(series.items(), COLOURS):
    place = TOP - 12 + 16 * list(series).index(name)
    out.append(f'<text x="{WIDTH - 24}" y="{place}" text-anchor="end" fill="{colour}">{name} (line: cost model)</text>')
    points = " ".join(f"{x(count):.1f},{y(seconds):.1f}" for count, seconds in sorted(model(found).items()))
    out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-dasharray="5 4"/>')
    for count, (seconds, _) in sorted(found.items()):
        out.append(f'<circle cx="{x(count):.1f}" cy="{y(seconds):.1f}" r="4.5" fill="{colour}"/>')
out.append("</svg>")
print("\n".join(out))
