"""Draws what cluster.sh measured beside the cost model of docs/scale.md, as SVG: cluster_plot.py CSV [CSV...] > docs/images/scale.svg"""
import csv
import statistics
import sys

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 360, 64, 44, 28
COLOURS = ["#1f6f8b", "#b3541e", "#4c7a34"]
COUNTS = ["0", "all", "1", "2", "4", "8"]
NAMES = ["1 core", "all cores", "1 worker", "2 workers", "4 workers", "8 workers"]


def medians(path):
    """By number of workers, "all" and "plan": median seconds, cores, MiB exchanged."""
    found = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["workers"], []).append((float(row["seconds"]), int(row["cores"]), float(row["exchanged_mib"] or 0)))
    return {name: (statistics.median(s for s, _, _ in rows), rows[0][1], rows[0][2]) for name, rows in found.items()}


def model(found):
    """time = plan + (work + exchanged * cost) / cores. The work is fitted on one worker, the cost of a MiB on two; four and eight are
    predicted."""
    plan, (one, _, mib_one), (two, cores, mib_two) = found["plan"][0], found["1"], found["2"]
    # Two equations: one = plan + work + cost * mib_one, two = plan + (work + cost * mib_two) / cores.
    more = mib_two - mib_one
    cost = max(0.0, ((two - plan) * cores - (one - plan)) / more) if more > 1 else 0.0
    work = one - plan - cost * mib_one
    return {name: plan + (work + cost * mib) / cores for name, (_, cores, mib) in found.items() if name in COUNTS[2:]}, cost


series = {path.rsplit("/", 1)[-1].removesuffix(".csv"): medians(path) for path in sys.argv[1:]}
top = max(s for found in series.values() for s, _, _ in found.values()) * 1.1
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
for count, name in zip(COUNTS, NAMES):
    out.append(f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#444444">{name}</text>')
for (name, found), colour in zip(series.items(), COLOURS):
    place = TOP - 12 + 16 * list(series).index(name)
    out.append(f'<text x="{WIDTH - 24}" y="{place}" text-anchor="end" fill="{colour}">{name} (line: cost model)</text>')
    predicted, cost = model(found)
    points = " ".join(f"{x(count):.1f},{y(seconds):.1f}" for count, seconds in predicted.items())
    out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-dasharray="5 4"/>')
    for count in COUNTS:
        out.append(f'<circle cx="{x(count):.1f}" cy="{y(found[count][0]):.1f}" r="4.5" fill="{colour}"/>')
    for count, seconds in predicted.items():
        print(f"{name}: {count} workers {found[count][0]:.2f} s, model {seconds:.2f} s ({seconds / found[count][0] - 1:+.0%})", file=sys.stderr)
    print(f"{name}: plan {found['plan'][0]:.2f} s, {cost * 1000:.1f} ms of a core for a MiB exchanged", file=sys.stderr)
out.append("</svg>")
print("\n".join(out))
