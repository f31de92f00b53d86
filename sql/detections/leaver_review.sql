-- title = "Somebody leaves: what they took in the ninety days before"
-- severity = "high"
-- techniques = ["IT1021", "T1213.005", "T1052.001", "T1567.002"]
-- interval = "1 day"
-- reads = "-120 days"
-- reads_after = "1 day"
-- lookback = "60 days"
-- entity = "person_id"
-- known_gaps = "Who leaves without a notice or leaving date in people.csv; a date entered more than 60 days late. Mails to oneself are not looked at."
-- [params]
-- files_min = 10
-- score_min = 2.5
-- p_value_max = 0.02
-- p_value_alone = 0.001
-- busy_days_min = 2
-- team_factor_min = 3.0
-- team_people_min = 25
-- devices_min = 1
-- transfers_min = 5
-- shares_min = 20
WITH
-- One review when it becomes known that somebody leaves, of the ninety days until then; then one a week, of that week, until the last day.
reviews AS (
  SELECT *
  FROM (
    SELECT
      k.person_id, k.leaving_date, k.group_name,
      CASE n.value
        WHEN 0 THEN k.known_day
        ELSE least(k.known_day + arrow_cast(n.value * 604800, 'Duration(Second)'), k.leaving_date)
      END AS day,
      CASE n.value
        WHEN 0 THEN k.known_day - INTERVAL '89 days'
        ELSE k.known_day + arrow_cast((n.value - 1) * 604800, 'Duration(Second)') + INTERVAL '1 day'
      END AS since
    FROM leavers AS k
    CROSS JOIN generate_series(0, 26) AS n
  ) AS planned
  WHERE day >= $interval_start AND day < $interval_end AND since <= day
),
daily AS (
  SELECT
    r.person_id, r.day, r.since, d.local_day,
    max(d.start_date) AS start_date,
    max(d.group_name) AS group_name,
    CAST(sum(d.files) AS DOUBLE) AS files,
    bool_or(p.person_id IS NOT NULL) AS approved,
    min(d.first_event_time) AS first_event_time,
    max(d.last_event_time) AS last_event_time
  FROM activity_by_person AS d
  JOIN reviews AS r
    ON d.person_id = r.person_id AND d.local_day <= r.day AND d.local_day >= r.since - INTERVAL '28 days'
  LEFT JOIN (
    SELECT DISTINCT person_id, valid_from, valid_to FROM policy_approvals WHERE action IN ('file_downloaded', 'export')
  ) AS p
    ON r.person_id = p.person_id AND d.local_day >= p.valid_from AND d.local_day < p.valid_to
  WHERE d.interval_start >= $interval_start - INTERVAL '120 days' AND d.interval_start < $interval_end
    AND d.action IN ('file_downloaded', 'file_synced', 'file_copied')
    AND d.class = 'interactive'
  GROUP BY r.person_id, r.day, r.since, d.local_day
),
used AS (
  SELECT person_id, source, time_zone, min(interval_start) AS first_use
  FROM activity_by_person
  WHERE interval_start >= $interval_start - INTERVAL '120 days' AND interval_start < $interval_end
    AND action IN ('file_downloaded', 'file_synced', 'file_copied')
    AND class = 'interactive'
  GROUP BY person_id, source, time_zone
),
-- As unknown_days, which does not reach so far back.
stretches AS (
  SELECT
    u.person_id,
    CASE WHEN s.unknown_from IS NULL THEN greatest(u.first_use, s.interval_start) ELSE u.first_use END AS first_use,
    CAST(local_time(s.unknown_from, u.time_zone) AS DATE) AS first_day,
    CAST(local_time(s.unknown_to - INTERVAL '1 second', u.time_zone) AS DATE) + INTERVAL '1 day' AS end_day
  FROM used AS u
  JOIN source_days AS s ON u.source = s.source
  WHERE s.interval_start >= $interval_start - INTERVAL '120 days' AND s.interval_start < $interval_end AND NOT s.complete
  UNION ALL
  SELECT person_id, CAST(NULL AS TIMESTAMP) AS first_use, first_day, end_day
  FROM away_days
),
candidates AS (
  SELECT person_id, day, local_day, start_date
  FROM daily
  WHERE local_day >= since AND NOT approved
),
-- A day itself is judged even if it is not known whole, or if the person should be away: what was seen was taken.
unknown AS (
  SELECT
    c.person_id, c.day, c.local_day,
    array_agg(named_struct('start', u.first_day, 'end', least(u.end_day, CAST(c.local_day AS DATE)))) AS days
  FROM candidates AS c
  JOIN stretches AS u ON c.person_id = u.person_id AND coalesce(u.first_day < CAST(c.local_day AS DATE), true)
    AND coalesce(u.first_use <= c.local_day, true)
  GROUP BY c.person_id, c.day, c.local_day
),
compared AS (
  SELECT
    c.person_id, c.day, c.local_day,
    activity_baseline_at(
      d.local_day, d.files, NOT d.approved, 28, c.local_day,
      -- Of somebody whom the policy says to be employed, a day without a download is a day without one, before the first, too.
      named_struct('since', CASE WHEN c.start_date IS NOT NULL THEN DATE '1970-01-01' END, 'unknown', u.days)
    ) AS baseline
  FROM candidates AS c
  JOIN daily AS d ON c.person_id = d.person_id AND c.day = d.day AND d.local_day <= c.local_day
  LEFT JOIN unknown AS u ON c.person_id = u.person_id AND c.day = u.day AND c.local_day = u.local_day
  GROUP BY c.person_id, c.day, c.local_day
),
scored AS (
  SELECT
    person_id, day, local_day,
    baseline['expected'] AS expected, baseline['spread'] AS spread, baseline['score'] AS score, baseline['p_value'] AS p_value,
    baseline['history'] AS history, baseline['status'] AS status
  FROM compared
),
weighed AS (
  SELECT
    d.person_id, d.day, d.local_day, d.group_name, d.files, d.first_event_time, d.last_event_time,
    s.expected, s.spread, s.score, s.p_value, s.history,
    coalesce(d.files >= $files_min AND s.status = 'ok' AND s.score >= $score_min AND s.p_value <= $p_value_max, false) AS busy
  FROM daily AS d
  LEFT JOIN scored AS s ON d.person_id = s.person_id AND d.day = s.day AND d.local_day = s.local_day
  WHERE d.local_day >= d.since
),
-- As in bulk_download: what half of a group takes on the same day is a release or the end of a quarter.
team_days AS (
  SELECT local_day, group_name, median(today) AS today
  FROM (
    SELECT j.local_day, j.group_name, a.person_id, coalesce(sum(a.files) FILTER (WHERE a.local_day = j.local_day), 0) AS today
    FROM (SELECT DISTINCT local_day, group_name FROM weighed WHERE busy) AS j
    JOIN activity_by_person AS a
      ON j.group_name = a.group_name AND a.local_day <= j.local_day AND a.local_day >= j.local_day - INTERVAL '28 days'
    WHERE a.interval_start >= $interval_start - INTERVAL '120 days' AND a.interval_start < $interval_end
      AND a.action IN ('file_downloaded', 'file_synced', 'file_copied')
      AND a.class = 'interactive'
    GROUP BY j.local_day, j.group_name, a.person_id
  ) AS team
  GROUP BY local_day, group_name
  HAVING count(*) >= $team_people_min
),
downloads AS (
  SELECT
    person_id, day,
    sum(files) AS files,
    count(*) FILTER (WHERE busy) AS busy_days,
    first_value(local_day ORDER BY busy DESC, files DESC, local_day) AS busiest_day,
    first_value(files ORDER BY busy DESC, files DESC, local_day) AS busiest_files,
    first_value(expected ORDER BY busy DESC, files DESC, local_day) AS expected,
    first_value(spread ORDER BY busy DESC, files DESC, local_day) AS spread,
    first_value(score ORDER BY busy DESC, files DESC, local_day) AS score,
    first_value(history ORDER BY busy DESC, files DESC, local_day) AS history,
    min(p_value) FILTER (WHERE busy) AS p_value,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time
  FROM (
    SELECT
      w.person_id, w.day, w.local_day, w.files, w.first_event_time, w.last_event_time, w.expected, w.spread, w.score, w.p_value, w.history,
      w.busy AND coalesce(w.files >= $team_factor_min * t.today, true) AS busy
    FROM weighed AS w
    LEFT JOIN team_days AS t ON w.local_day = t.local_day AND w.group_name = t.group_name
  ) AS beside_team
  GROUP BY person_id, day
),
outward AS (
  SELECT
    r.person_id, r.day,
    coalesce(sum(o.files) FILTER (WHERE o.action = 'removable_media_write'), 0) AS devices,
    -- A proxy sees every form that somebody fills in: one upload says nothing.
    coalesce(sum(o.files) FILTER (WHERE o.way = 'transfer' AND o.action <> 'removable_media_write'), 0) AS transfers,
    coalesce(sum(o.files) FILTER (WHERE o.way <> 'transfer'), 0) AS shares,
    min(o.first_event_time) AS first_event_time,
    max(o.last_event_time) AS last_event_time
  FROM outflows AS o
  JOIN reviews AS r ON o.person_id = r.person_id AND o.local_day <= r.day AND o.local_day >= r.since
  WHERE o.interval_start >= $interval_start - INTERVAL '120 days' AND o.interval_start < $interval_end
  GROUP BY r.person_id, r.day
)
SELECT
  r.day AS interval_time,
  r.person_id AS entity_id,
  r.group_name,
  least(d.first_event_time, o.first_event_time) AS first_event_time,
  greatest(d.last_event_time, o.last_event_time) AS last_event_time,
  d.busiest_files AS observed,
  d.expected,
  d.spread,
  d.score,
  d.p_value,
  d.history AS history_days,
  CASE WHEN r.leaving_date IS NULL THEN 'Has given notice' ELSE 'Leaves on ' || CAST(CAST(r.leaving_date AS DATE) AS VARCHAR) END
    || '. In the ' || CAST(CAST((date_part('epoch', r.day) - date_part('epoch', r.since)) / 86400 + 1 AS BIGINT) AS VARCHAR) || ' days until '
    || CAST(CAST(r.day AS DATE) AS VARCHAR) || ': '
    || array_to_string(make_array(
      CASE
        WHEN d.busy_days > 0 THEN CAST(d.busy_days AS VARCHAR) || CASE d.busy_days WHEN 1 THEN ' busy day' ELSE ' busy days' END
          || ', ' || CAST(CAST(d.busiest_files AS BIGINT) AS VARCHAR) || ' files on ' || CAST(CAST(d.busiest_day AS DATE) AS VARCHAR)
          || ' (usual ' || CAST(CAST(round(d.expected) AS BIGINT) AS VARCHAR) || ')'
      END,
      CASE WHEN o.devices > 0 THEN
        CAST(o.devices AS VARCHAR) || CASE o.devices WHEN 1 THEN ' file' ELSE ' files' END || ' to devices that are not approved'
      END,
      CASE WHEN o.transfers > 0 THEN
        CAST(o.transfers AS VARCHAR) || CASE o.transfers WHEN 1 THEN ' file' ELSE ' files' END
          || ' to clouds, shares and remote machines that are not approved'
      END,
      CASE WHEN o.shares > 0 THEN
        CAST(o.shares AS VARCHAR) || CASE o.shares WHEN 1 THEN ' file' ELSE ' files' END
          || ' shared with people outside or by public link'
      END,
      coalesce(CAST(CAST(d.files AS BIGINT) AS VARCHAR), 'no') || ' files downloaded in all'
    ), '; ') AS summary
FROM reviews AS r
LEFT JOIN downloads AS d ON r.person_id = d.person_id AND r.day = d.day
LEFT JOIN outward AS o ON r.person_id = o.person_id AND r.day = o.day
WHERE d.busy_days >= $busy_days_min
  OR d.p_value <= $p_value_alone
  OR o.devices >= $devices_min
  OR o.transfers >= $transfers_min
  OR o.shares >= $shares_min
