-- title = "Access to a sensitive channel outside one's scope"
-- severity = "medium"
-- techniques = ["IT1021", "T1213.005"]
-- interval = "1 day"
-- reads = "-90 days"
-- entity = "person_id"
-- known_gaps = "No platform logs that a channel was opened: evidence is a recorded act (a post, download, search, preview, join)."
-- [params]
-- days_before_max = 2
WITH visits AS (
  SELECT
    v.interval_start,
    coalesce(i.person_id, m.person_id, pseudonym(coalesce(v.actor_email, v.actor_id))) AS person_id,
    coalesce(max(coalesce(i.group_name, m.group_name)), CASE WHEN bool_or(v.guest) THEN 'Guests' ELSE 'Unknown' END) AS group_name,
    bool_or(coalesce(
      array_has(p.groups, coalesce(i.group_name, m.group_name, CASE WHEN v.guest THEN 'Guests' ELSE 'Unknown' END)), false
    )) AS group_in_scope,
    bool_or(coalesce(array_has_any(p.projects, coalesce(i.projects, m.projects)), false)) AS project_in_scope,
    v.channel_id,
    max(coalesce(p.channel_name, v.channel_name)) AS channel_name,
    max(v.channel_attribution) AS channel_attribution,
    sum(v.events) AS events,
    sum(v.downloads) AS downloads,
    min(v.first_event_time) AS first_event_time,
    max(v.last_event_time) AS last_event_time
  FROM channel_daily AS v
  JOIN policy_channels AS p
    ON (v.channel_id = p.channel_id OR v.channel_id = p.site_address)
    AND v.interval_start >= p.valid_from AND v.interval_start < p.valid_to
  LEFT JOIN identities AS i
    ON v.actor_id = i.identity AND v.interval_start >= i.valid_from AND v.interval_start < i.valid_to
  LEFT JOIN identities AS m
    ON v.actor_email = m.identity AND v.interval_start >= m.valid_from AND v.interval_start < m.valid_to
  WHERE v.interval_start >= $interval_start - INTERVAL '90 days' AND v.interval_start < $interval_end
    AND p.sensitivity = 'high'
  GROUP BY v.interval_start, v.channel_id, coalesce(i.person_id, m.person_id, pseudonym(coalesce(v.actor_email, v.actor_id)))
),
counted AS (
  SELECT
    *,
    count(*) OVER (
      PARTITION BY person_id, channel_id ORDER BY interval_start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS days_before
  FROM visits
),
fired AS (
  SELECT *
  FROM counted
  WHERE interval_start >= $interval_start AND interval_start < $interval_end
    AND NOT group_in_scope AND NOT project_in_scope
    AND days_before <= $days_before_max
),
located AS (
  SELECT DISTINCT file_id, channel_id
  FROM file_locations
  WHERE interval_start >= $interval_start - INTERVAL '90 days' AND interval_start < $interval_end
),
seen AS (
  SELECT
    a.person_id, date_trunc('day', a.event_time) AS day, coalesce(a.channel_id, l.channel_id) AS channel_id,
    array_agg(a.event_id ORDER BY a.event_time) AS evidence_ids
  FROM acts AS a
  LEFT JOIN located AS l ON a.file_id = l.file_id AND a.channel_id IS NULL
  WHERE a.event_time >= $interval_start AND a.event_time < $interval_end
    AND a.outcome = 'success'
    AND a.action IN ('message_posted', 'file_downloaded', 'file_viewed', 'file_uploaded', 'file_shared', 'file_copied', 'file_synced',
                     'channel_joined', 'channel_previewed', 'search', 'export')
    AND coalesce(a.channel_id, l.channel_id) IS NOT NULL
  GROUP BY a.person_id, date_trunc('day', a.event_time), coalesce(a.channel_id, l.channel_id)
)
SELECT
  f.interval_start AS interval_time,
  f.person_id AS entity_id,
  f.channel_id AS alert_key,
  f.group_name,
  f.first_event_time,
  f.last_event_time,
  CAST(f.events AS DOUBLE) AS observed,
  CAST(0 AS DOUBLE) AS expected,
  f.days_before AS history_days,
  'Entered the sensitive channel #' || coalesce(f.channel_name, f.channel_id) || ' (' || CAST(f.events AS VARCHAR) || ' acts, '
    || CAST(f.downloads AS VARCHAR) || ' downloads) without a group or project in its scope'
    || CASE f.channel_attribution WHEN 'inferred' THEN '; the channel follows from where the files were shared' ELSE '' END AS summary,
  s.evidence_ids
FROM fired AS f
LEFT JOIN seen AS s ON f.person_id = s.person_id AND f.interval_start = s.day AND f.channel_id = s.channel_id
