#!/usr/bin/env python3
"""Judge the alerts of generated lakes beside the public rules, at the same number of alerts.

usage: benches/judge.py BITTERN PEOPLE DAYS CONFIG LABELS [CONFIG LABELS]...

BITTERN  the program (target/release/bittern)
PEOPLE, DAYS  what `bittern generate` was told, for each lake
CONFIG   bittern.toml of a lake into which generated logs were landed and in which every job ran
LABELS   its labels.jsonl

Several lakes are judged as if they were one organisation.

Prints tables in Markdown. An alert is right where its events are of the person and the time of a label, by a detection that may answer for it; every
other one is false. The rules' alerts are the person-days of the highest scores, as many as ours by the behaviour
detections together: their thresholds moved until the number is the same. They are right for any story of the person on that day.
Standard library only.
"""
import collections, datetime as dt, glob, json, os, subprocess, sys

BITTERN, PEOPLE, DAYS = sys.argv[1:4]
LAKES = list(zip(sys.argv[4::2], sys.argv[5::2]))
PEOPLE, WEEKS = int(PEOPLE) * len(LAKES), int(DAYS) / 7
HALF_DAY = dt.timedelta(hours=12)
BEHAVIOUR = ["bulk_download", "slow_drip", "leaver_review", "sensitive_channel_access", "data_transfer", "unusual_hours", "chat_export",
             "integration_scraping", "credential_search_spike"]
# Reports and informational rows are no alerts that wake somebody.
REPORTS = ["credential_term_posted", "channel_permission_review"]
HERE = os.path.dirname(os.path.abspath(__file__))
RULES = sorted(glob.glob(f"{HERE}/sql/public/*.sql"))


def time(text):
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


labels, alerts, rules = [], [], {path: [] for path in RULES}
for number, (config, path) in enumerate(LAKES):

    def sql(*args):
        out = subprocess.run([BITTERN, "--config", config, "--format", "json", "sql", *args], capture_output=True, text=True)
        if out.returncode:
            sys.exit(out.stderr)
        return [json.loads(line) for line in out.stdout.splitlines() if line.strip()]

    people = {r["person_id"]: r["person"] for r in sql("-c", "SELECT DISTINCT person_id, person FROM policy_people")}
    of_person = collections.defaultdict(list)
    for label in map(json.loads, open(path)):
        label["from"], label["to"] = time(label["start"]) - HALF_DAY, time(label["end"]) + HALF_DAY
        label["incident_id"] = (number, label["incident_id"])
        of_person[label["person"]].append(label)
        labels.append(label)
    for alert in sql("-c", "SELECT alert_id, detection_id, entity_id, least(interval_start, first_event_time) AS since, interval_end, risk_score, score FROM alerts"):
        alert["labels"] = of_person[people.get(alert["entity_id"])]
        alerts.append(alert)
    for rule, rows in rules.items():
        for row in sql("-f", rule):
            row["labels"] = of_person[people.get(row["person_id"])]
            rows.append(row)

alerts.sort(key=lambda a: (-(a.get("risk_score") or 0), -(a.get("score") or 0), a["alert_id"]))
total, false = collections.Counter(), collections.Counter()
found = set()
ranked = []
for alert in alerts:
    detection = alert["detection_id"]
    if detection in REPORTS:
        continue
    total[detection] += 1
    since, end = time(alert["since"]), time(alert["interval_end"])
    about = [l for l in alert["labels"] if detection in l["detections"] and since <= l["to"] and l["from"] <= end]
    answers = {label["incident_id"] for label in about}
    found |= answers
    false[detection] += not answers
    ranked.append((detection, answers))

print(f"{PEOPLE} people, {DAYS} days, {len(labels)} incidents\n")
print("| detection | alerts | false | false per 1,000 people a week |\n|---|--:|--:|--:|")
per = lambda n: n / (PEOPLE / 1000 * WEEKS)
for detection in sorted(total):
    print(f"| {detection} | {total[detection]} | {false[detection]} | {per(false[detection]):.2f} |")
print(f"| all | {sum(total.values())} | {sum(false.values())} | {per(sum(false.values())):.2f} |\n")

budget = sum(total[detection] for detection in BEHAVIOUR)
curves = {"Bittern": [answers for detection, answers in ranked if detection in BEHAVIOUR]}
columns = {"Bittern": (found, sum(false[d] for d in BEHAVIOUR))}
for path in RULES:
    rows = sorted(rules[path], key=lambda r: -r["score"])
    curve = []
    for row in rows:
        day = time(row["day"])
        curve.append({l["incident_id"] for l in row["labels"] if day <= l["to"] and l["from"] <= day + 2 * HALF_DAY})
    name = os.path.basename(path)[:-4].replace("_", " ")
    curves[name] = curve
    columns[name + f" (≥ {rows[:budget][-1]['score']:.3g})"] = (set().union(*curve[:budget]), sum(not about for about in curve[:budget]))

print(f"Recall by story and strength, each with the same {budget} alerts:\n")
print("| story | strength | planted | " + " | ".join(columns) + " |\n|---|--:|--:|" + "--:|" * len(columns))
groups = collections.defaultdict(list)
for label in labels:
    if label["story"] != "pasted_secret":
        groups[(label["story"], label["strength"])].append(label)
for (story, strength), members in sorted(groups.items()):
    shares = [sum(l["incident_id"] in hit for l in members) / len(members) for hit, _ in columns.values()]
    print(f"| {story} | {strength:g} | {len(members)} | " + " | ".join(f"{share:.2f}" for share in shares) + " |")
print("| false alerts | | | " + " | ".join(str(wrong) for _, wrong in columns.values()) + " |\n")



def average_precision(curve, members):
    """The area under the precision-recall curve by steps: what is never found adds nothing."""
    missing, right, area = set(members), 0, 0.0
    for place, answers in enumerate(curve, 1):
        right += bool(answers)
        area += right / place * len(answers & missing)
        missing -= answers
    return area / len(members)


def false_at(curve, members, recall):
    """How many of the first alerts are false, of as few as have this recall."""
    missing, wrong = set(members), 0
    for answers in curve:
        wrong += not answers
        missing -= answers
        if len(missing) <= (1 - recall) * len(members):
            return wrong
    return None


detectable = collections.defaultdict(set)
answering = collections.defaultdict(set)
for label in labels:
    if label["detectable"]:
        detectable[label["story"]].add(label["incident_id"])
        answering[label["story"]].update(label["detections"])
print("Of what docs/detectability.md calls detectable: recall, and with the alerts of the detections that may answer, in the order of their risk, the area\n"
      "under the precision-recall curve and the false ones per 1,000 people a week at a recall of 0.9:\n")
print("| story | detectable | found | area | false at 0.9 |\n|---|--:|--:|--:|--:|")
for story, members in sorted(detectable.items()):
    curve = [answers for detection, answers in ranked if detection in answering[story]]
    wrong = false_at(curve, members, 0.9)
    print(f"| {story} | {len(members)} | {len(members & found) / len(members):.3f} | {average_precision(curve, members):.3f} | "
          f"{'not reached' if wrong is None else f'{per(wrong):.2f}'} |")

behaviour = set().union(*(members for story, members in detectable.items() if story != "pasted_secret"))
print("\nThe area for all detectable stories of behaviour together, every alert in the order of its score:\n")
print("| " + " | ".join(curves) + " |\n|" + "--:|" * len(curves))
print("| " + " | ".join(f"{average_precision(curve, behaviour):.3f}" for curve in curves.values()) + " |")
