#!/usr/bin/env python3
"""Judge the alerts of a generated lake beside the public rules, at the same number of alerts.

usage: benches/judge.py BITTERN CONFIG LABELS PEOPLE DAYS

BITTERN  the program (target/release/bittern)
CONFIG   bittern.toml of a lake into which generated logs were landed and in which every job ran
LABELS   labels.jsonl of `bittern generate`
PEOPLE, DAYS  what it was told

Prints two tables in Markdown. An alert is right where its events are of the person and the time of a label, by a detection that may answer for it; every
other one is false. The rules' alerts are the person-days of the highest scores, as many as ours by the behaviour
detections together: their thresholds moved until the number is the same. They are right for any story of the person on that day.
Standard library only.
"""
import collections, datetime as dt, glob, json, os, subprocess, sys

BITTERN, CONFIG, LABELS, PEOPLE, DAYS = sys.argv[1:]
PEOPLE, WEEKS = int(PEOPLE), int(DAYS) / 7
HALF_DAY = dt.timedelta(hours=12)
BEHAVIOUR = ["bulk_download", "slow_drip", "leaver_review", "sensitive_channel_access", "data_transfer", "unusual_hours", "chat_export",
             "integration_scraping", "credential_search_spike"]
# Reports and informational rows are no alerts that wake somebody.
REPORTS = ["credential_term_posted", "channel_permission_review"]
HERE = os.path.dirname(os.path.abspath(__file__))


def sql(*args):
    out = subprocess.run([BITTERN, "--config", CONFIG, "--format", "json", "sql", *args], capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    return [json.loads(line) for line in out.stdout.splitlines() if line.strip()]


def time(text):
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


people = {r["person_id"]: r["person"] for r in sql("-c", "SELECT DISTINCT person_id, person FROM policy_people")}
labels = [json.loads(line) for line in open(LABELS)]
for label in labels:
    label["from"], label["to"] = time(label["start"]) - HALF_DAY, time(label["end"]) + HALF_DAY
of_person = collections.defaultdict(list)
for label in labels:
    of_person[label["person"]].append(label)

alerts = sql("-c", "SELECT detection_id, entity_id, least(interval_start, first_event_time) AS since, interval_end FROM alerts")
total, false = collections.Counter(), collections.Counter()
found = set()
for alert in alerts:
    detection = alert["detection_id"]
    if detection in REPORTS:
        continue
    total[detection] += 1
    since, end = time(alert["since"]), time(alert["interval_end"])
    right = False
    for label in of_person[people.get(alert["entity_id"])]:
        if detection in label["detections"] and since <= label["to"] and label["from"] <= end:
            right = True
            found.add(label["incident_id"])
    false[detection] += not right

print(f"{PEOPLE} people, {DAYS} days, {len(labels)} incidents\n")
print("| detection | alerts | false | false per 1,000 people a week |\n|---|--:|--:|--:|")
per = lambda n: n / (PEOPLE / 1000 * WEEKS)
for detection in sorted(total):
    print(f"| {detection} | {total[detection]} | {false[detection]} | {per(false[detection]):.2f} |")
print(f"| all | {sum(total.values())} | {sum(false.values())} | {per(sum(false.values())):.2f} |\n")

budget = sum(total[detection] for detection in BEHAVIOUR)
columns = {"Bittern": (found, sum(false[d] for d in BEHAVIOUR))}
for path in sorted(glob.glob(f"{HERE}/sql/public/*.sql")):
    rows = sorted(sql("-f", path), key=lambda r: -r["score"])[:budget]
    hit, wrong = set(), 0
    for row in rows:
        day = time(row["day"])
        about = [l for l in of_person[people.get(row["person_id"])] if day <= l["to"] and l["from"] <= day + 2 * HALF_DAY]
        hit.update(l["incident_id"] for l in about)
        wrong += not about
    columns[os.path.basename(path)[:-4].replace("_", " ") + f" (≥ {rows[-1]['score']:.3g})"] = (hit, wrong)

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

print("Recall of what docs/detectability.md calls detectable:\n\n| story | detectable | found |\n|---|--:|--:|")
kinds = collections.defaultdict(list)
for label in labels:
    if label["detectable"]:
        kinds[label["story"]].append(label["incident_id"] in found)
for story, hits in sorted(kinds.items()):
    print(f"| {story} | {len(hits)} | {sum(hits) / len(hits):.3f} |")
