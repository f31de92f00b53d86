-- title = "Bulk download from chat and shared files"
-- severity = "high"
-- techniques = ["IT1021", "T1213.005"]
-- interval = "1 day"
-- reads = "-60 days"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "A screenshot is not seen, nor a little more every day for weeks. Where a log names no device, none is new."
-- [params]
-- files_min = 20
-- factor_min = 1.5
-- busy_factor_min = 4.75
-- hour_factor_min = 4.0
-- megabytes_min = 2000
-- megabytes_factor_min = 5.0
-- score_min = 4.0
-- p_value_max = 0.01
-- peer_score_min = 2.0
-- team_factor_min = 3.0
-- newcomer_files_min = 150
-- newcomer_factor_min = 10.0
-- device_files_min = 300
-- sync_files_min = 20000
-- backup_files_min = 50000
-- api_files_min = 2000
-- machine_factor_min = 5.0
-- ceiling_interactive = 500
-- ceiling_sync = 50000
-- ceiling_backup = 500000
-- ceiling_api = 50000
WITH daily AS (
  SELECT
    local_day, person_id, class,
    max(group_name) AS group_name,
    max(peer_group) AS peer_group,
    max(start_date) AS start_date,
    sum(CASE WHEN files = 0 THEN events ELSE files END) AS files,
    -- The busiest hour counts acts: one file fetched sixty times is one file.
    max(least(peak_60m, CASE WHEN files = 0 THEN events ELSE files END)) AS peak_60m,
    -- Bytes speak where the logs say them of nearly all files. Baselines want units of about one act.
    CASE WHEN sum(sized) >= 0.8 * sum(events) THEN sum(bytes) / 1e6 END AS megabytes,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time
  FROM activity_by_person
  WHERE interval_start >= $interval_start - INTERVAL '60 days' AND interval_start < $interval_end
    AND action IN ('file_downloaded', 'file_synced', 'file_copied')
  GROUP BY local_day, person_id, class
),
-- What is measured of each kind of program: how much is a lot, how many times the own most before, and what is too much of anybody.
bars AS (
  SELECT *
  FROM (VALUES
    ('interactive', 'files', $files_min, $factor_min, $ceiling_interactive),
    ('interactive', 'peak_60m', $files_min, $hour_factor_min, NULL),
    ('interactive', 'megabytes', $megabytes_min, $megabytes_factor_min, NULL),
    ('sync', 'files', $sync_files_min, $machine_factor_min, $ceiling_sync),
    ('backup', 'files', $backup_files_min, $machine_factor_min, $ceiling_backup),
    ('api', 'files', $api_files_min, $machine_factor_min, $ceiling_api),
    ('ai', 'files', $api_files_min, $machine_factor_min, $ceiling_api)
  ) AS b(class, measure, value_min, factor_min, ceiling)
),
measured AS (
  SELECT
    d.local_day, d.person_id, d.class, d.group_name, d.peer_group, d.start_date, d.first_event_time, d.last_event_time,
    b.measure, b.value_min, b.factor_min, b.ceiling,
    CAST(CASE b.measure WHEN 'files' THEN d.files WHEN 'peak_60m' THEN d.peak_60m ELSE d.megabytes END AS DOUBLE) AS value
  FROM daily AS d
  JOIN bars AS b ON d.class = b.class
),
-- Days that are a lot by any bar: few, so that only they are judged.
candidates AS (
  SELECT *
  FROM measured
  WHERE local_day >= $interval_start AND local_day < $interval_end
    AND value >= CASE class WHEN 'sync' THEN least(value_min, $device_files_min) ELSE least(value_min, coalesce(ceiling, value_min)) END
),
-- The day itself is judged even if it is not known whole, or if the person should be away: what was seen was taken.
unknown AS (
  SELECT
    c.person_id, c.local_day,
    array_agg(named_struct('start', u.first_day, 'end', least(u.end_day, CAST(c.local_day AS DATE)))) AS days
  FROM (SELECT DISTINCT person_id, local_day FROM candidates) AS c
  JOIN unknown_days AS u ON c.person_id = u.person_id AND coalesce(u.first_day < CAST(c.local_day AS DATE), true)
    AND coalesce(u.first_use <= c.local_day, true)
  WHERE u.about = 'downloads'
  GROUP BY c.person_id, c.local_day
),
-- What the others of the group take by hand, each by their own days.
team AS (
  SELECT
    j.local_day, d.group_name, d.person_id,
    max(d.peer_group) AS peer_group,
    coalesce(max(d.value) FILTER (WHERE d.local_day = j.local_day), 0) AS today,
    activity_baseline_at(d.local_day, d.value, true, 28, j.local_day) AS baseline
  FROM (SELECT DISTINCT local_day, group_name FROM candidates WHERE class = 'interactive') AS j
  JOIN measured AS d
    ON j.group_name = d.group_name AND d.local_day <= j.local_day AND d.local_day >= j.local_day - INTERVAL '28 days'
  WHERE d.class = 'interactive' AND d.measure = 'files'
  GROUP BY j.local_day, d.group_name, d.person_id
),
-- Department and role, where at least five of them have a history; else the group.
peers AS (
  SELECT
    local_day, group_name, peer_group, peers,
    peers['expected'] AS peers_expected, peers['spread'] AS peers_spread, peers['people'] AS people
  FROM (
    SELECT r.local_day, r.group_name, r.peer_group, CASE WHEN r.peers IS NULL THEN g.peers ELSE r.peers END AS peers
    FROM (
      SELECT local_day, group_name, peer_group, peer_baseline(baseline) AS peers
      FROM team
      GROUP BY local_day, group_name, peer_group
    ) AS r
    JOIN (
      SELECT local_day, group_name, peer_baseline(baseline) AS peers
      FROM team
      GROUP BY local_day, group_name
    ) AS g
      ON r.local_day = g.local_day AND r.group_name = g.group_name
  ) AS nearest
),
-- What half of a group takes on the same day is a release or the end of a quarter, not an incident.
team_days AS (
  SELECT local_day, group_name, median(today) AS today
  FROM team
  GROUP BY local_day, group_name
  HAVING count(*) >= 10
),
compared AS (
  SELECT
    c.person_id, c.class, c.local_day, c.measure,
    activity_baseline_at(
      d.local_day, d.value, d.value IS NOT NULL, 28, c.local_day,
      -- Of somebody whom the policy says to be employed, a day without a download is a day without one, before the first, too.
      named_struct(
        'since', CASE WHEN c.class = 'interactive' AND c.start_date IS NOT NULL THEN DATE '1970-01-01' END,
        'unknown', u.days,
        'peers', p.peers
      )
    ) AS baseline,
    date_part('epoch', c.local_day) / 86400 - date_part('epoch', min(d.local_day)) / 86400 AS days_before,
    array_agg(d.value ORDER BY d.value DESC) FILTER (WHERE d.local_day < c.local_day AND d.value IS NOT NULL) AS values_before
  FROM candidates AS c
  JOIN measured AS d
    ON c.person_id = d.person_id AND c.class = d.class AND c.measure = d.measure
    AND d.local_day <= c.local_day AND d.local_day >= c.local_day - INTERVAL '60 days'
  LEFT JOIN unknown AS u ON c.person_id = u.person_id AND c.local_day = u.local_day
  LEFT JOIN peers AS p
    ON c.local_day = p.local_day AND c.group_name = p.group_name AND c.peer_group = p.peer_group
    AND c.class = 'interactive' AND c.measure = 'files'
  GROUP BY c.person_id, c.class, c.local_day, c.measure
),
scored AS (
  SELECT
    person_id, class, local_day, measure,
    coalesce(values_before[1], 0) AS most_before,
    -- The 95th percentile of all days since the first, those without a row included.
    coalesce(values_before[1 + CAST(floor(0.05 * days_before) AS INT)], 0) AS busy_before,
    baseline['expected'] AS expected, baseline['spread'] AS spread, baseline['score'] AS score, baseline['p_value'] AS p_value,
    baseline['history'] AS history_days, coalesce(baseline['status'], 'learning') AS status
  FROM compared
),
-- What was taken, by device.
loads AS (
  SELECT
    a.person_id, a.class, a.local_day, a.device_name,
    count(DISTINCT coalesce(a.file_id, a.object_url, a.file_name, a.event_id)) AS files,
    bool_or(a.device_managed) AS is_managed,
    array_agg(a.event_id ORDER BY a.event_time, a.event_id) AS evidence_ids
  FROM (
    SELECT *, date_trunc('day', local_time(event_time, time_zone)) AS local_day
    FROM acts
    WHERE event_time >= $interval_start - INTERVAL '1 day' AND event_time < $interval_end + INTERVAL '1 day'
      AND time_origin IS NULL
      AND outcome = 'success'
      AND action IN ('file_downloaded', 'file_synced', 'file_copied')
  ) AS a
  JOIN (SELECT DISTINCT person_id, class, local_day FROM candidates) AS c
    ON a.person_id = c.person_id AND a.class = c.class AND a.local_day = c.local_day
  GROUP BY a.person_id, a.class, a.local_day, a.device_name
),
-- Devices that a sync client filled and that are not managed, or that are new and of which the logs do not say so though they say it of
-- the person's others. Where there was no device before, none is new: the logs have just begun.
strange_devices AS (
  SELECT l.person_id, l.local_day, l.device_name, l.is_managed
  FROM loads AS l
  LEFT JOIN devices_by_person AS d
    ON l.person_id = d.person_id
    AND d.interval_start < l.local_day - INTERVAL '1 day' AND d.interval_start >= l.local_day - INTERVAL '60 days'
    AND d.interval_start >= $interval_start - INTERVAL '60 days' AND d.interval_start < $interval_end
  WHERE l.class = 'sync' AND l.device_name IS NOT NULL AND l.files >= $device_files_min
  GROUP BY l.person_id, l.local_day, l.device_name, l.is_managed
  HAVING NOT l.is_managed
    OR (l.is_managed IS NULL AND bool_or(d.device_managed) AND NOT coalesce(bool_or(d.device_name = l.device_name), false))
),
devices AS (
  SELECT
    person_id, local_day,
    min(device_name) AS device_name,
    first_value(coalesce(NOT is_managed, false) ORDER BY device_name) AS is_unmanaged
  FROM strange_devices
  GROUP BY person_id, local_day
),
evidence AS (
  SELECT person_id, class, local_day, flatten(array_agg(evidence_ids)) AS evidence_ids
  FROM loads
  GROUP BY person_id, class, local_day
),
judged AS (
  SELECT
    c.*, s.most_before, s.busy_before, s.expected, s.spread, s.score, s.p_value, s.history_days, s.status,
    p.peers_expected, p.people AS peers, x.device_name, x.is_unmanaged,
    CASE
      WHEN c.value >= c.ceiling THEN 'ceiling'
      WHEN c.value >= c.value_min AND s.status = 'ok'
        AND s.score >= $score_min AND s.p_value <= $p_value_max
        AND c.value >= c.factor_min * s.most_before AND c.value >= $busy_factor_min * s.busy_before
        AND (c.measure = 'megabytes' OR coalesce(c.value >= $team_factor_min * t.today, true))
        AND (c.measure = 'megabytes' OR coalesce(c.value >= p.peers_expected + $peer_score_min * p.peers_spread, true))
        THEN 'history'
      WHEN x.device_name IS NOT NULL AND c.value >= $factor_min * s.most_before THEN 'device'
      -- Who has no history yet is measured by the others alone, with a wide margin: the first days are full of files.
      WHEN c.class = 'interactive' AND c.measure = 'files' AND s.status <> 'ok'
        AND c.value >= $newcomer_files_min AND c.value >= $newcomer_factor_min * p.peers_expected
        AND c.value >= $factor_min * s.most_before AND s.p_value <= $p_value_max
        THEN 'peers'
    END AS why
  FROM candidates AS c
  JOIN scored AS s ON c.person_id = s.person_id AND c.class = s.class AND c.local_day = s.local_day AND c.measure = s.measure
  LEFT JOIN peers AS p
    ON c.class = 'interactive' AND c.local_day = p.local_day AND c.group_name = p.group_name AND c.peer_group = p.peer_group
  LEFT JOIN team_days AS t ON c.class = 'interactive' AND c.local_day = t.local_day AND c.group_name = t.group_name
  LEFT JOIN devices AS x ON c.class = 'sync' AND c.person_id = x.person_id AND c.local_day = x.local_day
),
fired AS (
  SELECT
    *,
    -- Of several measures that fire, files come first.
    row_number() OVER (
      PARTITION BY person_id, class, local_day ORDER BY CASE measure WHEN 'files' THEN 1 WHEN 'peak_60m' THEN 2 ELSE 3 END
    ) AS place
  FROM judged
  WHERE why IS NOT NULL
)
SELECT
  f.local_day AS interval_time,
  f.person_id AS entity_id,
  f.class AS alert_key,
  f.group_name,
  CASE f.why WHEN 'peers' THEN 'medium' ELSE 'high' END AS severity,
  f.first_event_time,
  f.last_event_time,
  f.value AS observed,
  f.expected,
  f.spread,
  f.score,
  f.p_value,
  f.history_days,
  f.peers,
  CASE f.status WHEN 'ok' THEN 'firing' ELSE 'learning' END AS status,
  CAST(CAST(round(f.value) AS BIGINT) AS VARCHAR)
    || CASE f.measure WHEN 'files' THEN ' files' WHEN 'peak_60m' THEN ' files within an hour' ELSE ' MB' END
    || ' on ' || to_char(f.local_day, '%A')
    || CASE f.class
         WHEN 'interactive' THEN ''
         WHEN 'sync' THEN ' by a sync client'
         WHEN 'backup' THEN ' by a backup'
         WHEN 'ai' THEN ' by an assistant'
         ELSE ' by a program'
       END
    || coalesce(
         ' to ' || credential_redact(f.device_name)
           || CASE WHEN f.is_unmanaged THEN ', a device that is not managed' ELSE ', a new device' END,
         ''
       )
    || CASE f.why WHEN 'ceiling' THEN '; ' || CAST(f.ceiling AS VARCHAR) || ' are too many for anybody' ELSE '' END
    || CASE
         WHEN coalesce(f.history_days, 0) = 0 THEN '; nothing is known of before'
         ELSE '; usually ' || CAST(CAST(round(f.expected) AS BIGINT) AS VARCHAR)
           || CASE f.most_before
                WHEN 0 THEN ', never any before'
                ELSE ', never over ' || CAST(CAST(round(f.most_before) AS BIGINT) AS VARCHAR)
              END
       END
    || CASE
         WHEN f.measure = 'megabytes' OR f.peers IS NULL THEN ''
         ELSE '; peers ' || CAST(CAST(round(f.peers_expected) AS BIGINT) AS VARCHAR)
           || CASE f.measure WHEN 'peak_60m' THEN ' in a day' ELSE '' END
       END AS summary,
  e.evidence_ids
FROM fired AS f
LEFT JOIN evidence AS e ON f.person_id = e.person_id AND f.class = e.class AND f.local_day = e.local_day
LEFT JOIN policy_approvals AS a
  ON f.person_id = a.person_id AND a.action IN ('file_downloaded', 'export')
  AND f.local_day >= a.valid_from AND f.local_day < a.valid_to
WHERE f.place = 1 AND a.person_id IS NULL
