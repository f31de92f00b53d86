-- title = "An app, bot, workflow or token starts to read or search widely"
-- severity = "medium"
-- techniques = ["T1552.008", "T1213.005", "T1098.003", "T1528"]
-- interval = "1 day"
-- reads = "-60 days"
-- entity = "app"
-- known_gaps = "Slack logs no reading through its API, only what an app posts, downloads and is granted. A token that takes no more a day than the app always did."
-- [params]
-- wide_scopes = 'search:read|(channels|groups|im|mpim):history|files:read|discovery:read|admin\.[a-z_.]+:read|(Mail|Files|Sites|Chat|ChannelMessage|Notes)\.Read[A-Za-z.]*|full_access_as_app|auth/(drive|gmail|chat)|mail\.google\.com|read:(jira-work|confluence-content)'
-- old_scopes = '"(previous_scopes|old_scopes|OldValue)":("[^"]*"|\[[^\]]*\])'
-- readings_min = 200
-- searches_min = 20
-- credential_searches_min = 3
-- factor_min = 3.0
-- score_min = 4.0
-- p_value_max = 0.0001
-- known_days_min = 14
WITH daily AS (
  SELECT
    d.interval_start AS day,
    d.source,
    coalesce(d.app, i.person_id, m.person_id, pseudonym(coalesce(d.actor_email, d.actor_id))) AS app,
    coalesce(i.group_name, m.group_name, 'Unknown') AS group_name,
    CASE
      WHEN bool_or(d.app IS NOT NULL) THEN 'The app ' || coalesce(max(d.app_name), max(d.app))
      ELSE 'A program with the rights of this account'
    END AS name,
    sum(d.grants) AS grants,
    CAST(sum(d.readings) AS DOUBLE) AS readings,
    CAST(sum(d.searches) AS DOUBLE) AS searches,
    sum(d.credential_searches) AS credential_searches,
    max(d.channels) AS channels,
    max(d.people) AS people,
    min(d.first_event_time) AS first_event_time,
    max(d.last_event_time) AS last_event_time
  FROM app_daily AS d
  LEFT JOIN identities AS i
    ON d.actor_id = i.identity AND d.interval_start >= i.valid_from AND d.interval_start < i.valid_to
  LEFT JOIN identities AS m
    ON d.actor_email = m.identity AND d.interval_start >= m.valid_from AND d.interval_start < m.valid_to
  WHERE d.interval_start >= $interval_start - INTERVAL '60 days' AND d.interval_start < $interval_end
  GROUP BY
    d.interval_start, d.source, coalesce(d.app, i.person_id, m.person_id, pseudonym(coalesce(d.actor_email, d.actor_id))),
    coalesce(i.group_name, m.group_name, 'Unknown')
),
scored AS (
  SELECT
    d.*,
    coalesce(max(d.readings) OVER before, 0) AS readings_before,
    coalesce(max(d.searches) OVER before, 0) AS searches_before,
    coalesce(max(d.credential_searches) OVER before, 0) AS credential_searches_before,
    count(*) OVER before AS days_before,
    sum(d.grants) OVER (
      PARTITION BY d.source, d.app ORDER BY d.day RANGE BETWEEN INTERVAL '13 days' PRECEDING AND CURRENT ROW
    ) AS grants_lately
  FROM daily AS d
  WINDOW before AS (
    PARTITION BY d.source, d.app ORDER BY d.day RANGE BETWEEN INTERVAL '60 days' PRECEDING AND INTERVAL '1 day' PRECEDING
  )
),
-- How long the source has been here: in its first weeks every app is new.
known AS (
  SELECT a.source, a.day, count(*) AS days
  FROM (SELECT DISTINCT source, day FROM daily WHERE day >= $interval_start AND day < $interval_end) AS a
  JOIN source_days AS s ON a.source = s.source AND s.interval_start < a.day AND s.interval_start >= a.day - INTERVAL '60 days'
  WHERE s.interval_start >= $interval_start - INTERVAL '60 days' AND s.interval_start < $interval_end
    AND s.complete
  GROUP BY a.source, a.day
),
-- Backups, archives and migrations that the policy names: to read all there is is what they are for. bulk_download has a ceiling for them.
backups AS (
  SELECT DISTINCT d.day, d.app
  FROM daily AS d
  JOIN policy_clients AS c ON d.app = c.value AND d.day >= c.valid_from AND d.day < c.valid_to
  WHERE c.kind = 'app_id' AND c.class = 'backup'
),
-- Days on which an app reads a lot: few, so that only they are judged.
candidates AS (
  SELECT d.day, d.source, d.app
  FROM daily AS d
  LEFT JOIN backups AS b ON d.day = b.day AND d.app = b.app
  WHERE d.day >= $interval_start AND d.day < $interval_end AND b.app IS NULL
  GROUP BY d.day, d.source, d.app
  HAVING max(d.readings) >= $readings_min
),
-- The day itself is judged even if it is not known whole.
unknown AS (
  SELECT
    c.source, c.day,
    array_agg(named_struct(
      'start', CAST(s.unknown_from AS DATE),
      'end', least(CAST(s.unknown_to - INTERVAL '1 second' AS DATE) + INTERVAL '1 day', CAST(c.day AS DATE))
    )) AS days
  FROM (SELECT DISTINCT source, day FROM candidates) AS c
  JOIN source_days AS s ON c.source = s.source AND s.interval_start <= c.day
  WHERE s.interval_start >= $interval_start - INTERVAL '60 days' AND s.interval_start < $interval_end
    AND NOT s.complete
  GROUP BY c.source, c.day
),
compared AS (
  SELECT
    c.source, c.app, c.day,
    activity_baseline_at(d.day, d.readings, true, 28, c.day, named_struct('unknown', u.days)) AS baseline
  FROM candidates AS c
  JOIN daily AS d ON c.source = d.source AND c.app = d.app AND d.day <= c.day AND d.day >= c.day - INTERVAL '60 days'
  LEFT JOIN unknown AS u ON c.source = u.source AND c.day = u.day
  GROUP BY c.source, c.app, c.day
),
baselines AS (
  SELECT
    source, app, day,
    baseline['expected'] AS expected, baseline['spread'] AS spread, baseline['score'] AS score, baseline['p_value'] AS p_value,
    baseline['history'] AS history, coalesce(baseline['status'], 'learning') AS status
  FROM compared
),
judged AS (
  SELECT
    s.day, s.source, s.app, s.name, s.group_name, s.readings, s.searches, s.credential_searches, s.channels, s.people,
    s.readings_before, s.searches_before, s.credential_searches_before, s.days_before, s.grants_lately,
    s.first_event_time, s.last_event_time, k.days AS known_days,
    b.expected, b.spread, b.score, b.p_value, b.history,
    coalesce(b.status = 'learning' OR (b.score >= $score_min AND b.p_value <= $p_value_max), false) AS unusual
  FROM scored AS s
  JOIN known AS k ON s.source = k.source AND s.day = k.day
  LEFT JOIN baselines AS b ON s.source = b.source AND s.app = b.app AND s.day = b.day
  WHERE k.days >= $known_days_min
),
rights AS (
  SELECT
    a.event_id, a.event_time, date_trunc('day', a.event_time) AS day, a.source, a.action,
    CASE WHEN a.source = 'm365_audit' OR a.app_id IS NULL THEN credential_redact(a.target) ELSE a.app_id END AS app,
    CASE WHEN a.source = 'm365_audit' THEN credential_redact(a.target) ELSE coalesce(a.app_name, credential_redact(a.target)) END AS app_name,
    a.group_name,
    -- Nothing of the text but the rights themselves.
    trim(regexp_replace(regexp_replace(a.attributes, $old_scopes, '', 'g'), '(?s).*?(' || $wide_scopes || ')|.+$', '\1 ', 'g')) AS scopes
  FROM acts AS a
  LEFT JOIN policy_approvals AS p
    ON a.person_id = p.person_id AND p.action = 'app_installed' AND a.event_time >= p.valid_from AND a.event_time < p.valid_to
  WHERE a.event_time >= $interval_start AND a.event_time < $interval_end
    AND a.time_origin IS NULL AND a.outcome = 'success'
    AND a.action IN ('app_installed', 'app_scopes_changed')
    AND p.person_id IS NULL
    -- More rights to read than before, not the same again.
    AND regexp_count(regexp_replace(a.attributes, $old_scopes, '', 'g'), $wide_scopes)
      > regexp_count(a.attributes, $wide_scopes) - regexp_count(regexp_replace(a.attributes, $old_scopes, '', 'g'), $wide_scopes)
),
fired AS (
  SELECT
    r.day, r.app, r.group_name, 'rights' AS kind, CAST(NULL AS VARCHAR) AS severity,
    r.first_event_time, r.last_event_time,
    CAST(r.grants AS DOUBLE) AS observed, CAST(NULL AS DOUBLE) AS expected, CAST(NULL AS DOUBLE) AS spread, CAST(NULL AS DOUBLE) AS score,
    CAST(NULL AS DOUBLE) AS p_value, CAST(NULL AS BIGINT) AS history,
    'The app ' || coalesce(r.app_name, r.app) || ' may now read widely (' || r.scopes || ')'
      || CASE j.days_before WHEN 0 THEN ': nobody here used it before' ELSE ': its rights were widened' END AS summary,
    r.evidence_ids
  FROM (
    SELECT
      day, source, app, max(app_name) AS app_name, max(group_name) AS group_name, count(*) AS grants,
      bool_or(action = 'app_scopes_changed') AS widened,
      array_to_string(array_sort(array_agg(DISTINCT scopes)), ', ') AS scopes,
      min(event_time) AS first_event_time, max(event_time) AS last_event_time, array_agg(event_id ORDER BY event_time) AS evidence_ids
    FROM rights
    WHERE app IS NOT NULL
    GROUP BY day, source, app
  ) AS r
  JOIN judged AS j ON r.day = j.day AND r.source = j.source AND r.app = j.app
  -- An app that everybody lets in for themselves is new once.
  WHERE r.widened OR j.days_before = 0
  UNION ALL
  SELECT
    day, app, group_name, 'reading', CASE WHEN grants_lately > 0 THEN 'high' END, first_event_time, last_event_time,
    readings, expected, spread, score, p_value, history,
    name || ' read or fetched ' || CAST(CAST(readings AS BIGINT) AS VARCHAR) || ' times in a day'
      || CASE WHEN channels > 1 THEN ', in ' || CAST(channels AS VARCHAR) || ' channels' ELSE '' END
      || CASE WHEN people > 1 THEN ', for ' || CAST(people AS VARCHAR) || ' accounts' ELSE '' END
      || CASE
           WHEN days_before = 0 THEN '; it was never seen before in ' || CAST(known_days AS VARCHAR) || ' days'
           ELSE '; usually ' || CAST(CAST(round(coalesce(expected, 0)) AS BIGINT) AS VARCHAR)
             || ', never over ' || CAST(CAST(readings_before AS BIGINT) AS VARCHAR)
         END
      || CASE WHEN grants_lately > 0 THEN '; it was granted rights within two weeks' ELSE '' END,
    CAST(NULL AS VARCHAR[])
  FROM judged
  WHERE readings >= $readings_min AND readings >= $factor_min * readings_before AND unusual
  UNION ALL
  SELECT
    day, app, group_name, 'searching', CASE WHEN credential_searches >= $credential_searches_min THEN 'high' END, first_event_time, last_event_time,
    searches, CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), days_before,
    name || ' searched ' || CAST(CAST(searches AS BIGINT) AS VARCHAR) || ' times in a day'
      || CASE WHEN credential_searches > 0 THEN ', with ' || CAST(credential_searches AS VARCHAR) || ' different queries for credentials' ELSE '' END
      || '; never over ' || CAST(CAST(searches_before AS BIGINT) AS VARCHAR) || ' before',
    CAST(NULL AS VARCHAR[])
  FROM judged
  WHERE (searches >= $searches_min AND searches >= $factor_min * searches_before)
    OR (credential_searches >= $credential_searches_min AND credential_searches >= $factor_min * credential_searches_before)
),
done AS (
  SELECT
    date_trunc('day', event_time) AS day, coalesce(app_id, person_id) AS app,
    array_agg(event_id ORDER BY event_time) AS evidence_ids,
    array_agg(event_id ORDER BY event_time) FILTER (WHERE action IN ('search', 'content_search')) AS search_ids
  FROM acts
  WHERE event_time >= $interval_start AND event_time < $interval_end
    AND time_origin IS NULL AND outcome = 'success' AND class <> 'sync'
    AND (class IN ('api', 'ai', 'backup') OR actor_class IN ('service', 'system'))
    AND action IN ('file_downloaded', 'file_viewed', 'file_copied', 'mail_read', 'channel_previewed', 'search', 'content_search', 'export')
  GROUP BY date_trunc('day', event_time), coalesce(app_id, person_id)
)
SELECT
  f.day AS interval_time,
  f.app AS entity_id,
  f.kind AS alert_key,
  f.group_name,
  f.severity,
  f.first_event_time,
  f.last_event_time,
  f.observed,
  f.expected,
  f.spread,
  f.score,
  f.p_value,
  f.history AS history_days,
  credential_redact(f.summary) AS summary,
  coalesce(f.evidence_ids, CASE f.kind WHEN 'searching' THEN d.search_ids ELSE d.evidence_ids END) AS evidence_ids
FROM fired AS f
LEFT JOIN done AS d ON f.day = d.day AND f.app = d.app
