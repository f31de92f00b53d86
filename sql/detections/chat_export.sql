-- title = "Mass export of chat, mail or files, or a search through everybody's content"
-- severity = "high"
-- techniques = ["T1213.005", "T1114.002", "T1530", "T1552.008", "IT1021"]
-- interval = "1 day"
-- reads = "-90 days"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "A tool that reads through the discovery API without asking for an export is seen by integration_scraping at best. Slack logs previews of public channels alone."
-- [params]
-- minor = "page|blog|issue|analytics|calendar|report|list|audit_logs|AuditSearch|UnifiedAuditLog|EMAIL_LOG|settings|manifest|csv_download|Metrics|Estimated|Purged|ActivityEvents|search_count"
-- days_before_max = 2
-- factor_min = 3.0
-- minor_min = 50
-- previews_min = 30
-- known_days_min = 14
-- newcomer_days = 14
WITH named AS (
  SELECT
    *,
    -- Single pages, calendars and statistics are exported every day by anybody: they count in numbers only.
    CASE
      WHEN action = 'channel_previewed' THEN 'previews'
      WHEN regexp_like(coalesce(vendor_action, ''), $minor, 'i') THEN 'minor'
      ELSE action
    END AS kind
  FROM export_daily
  WHERE interval_start >= $interval_start - INTERVAL '90 days' AND interval_start < $interval_end
    -- Programs look into channels without end: integration_scraping measures them.
    AND NOT (machine AND action = 'channel_previewed')
),
daily AS (
  SELECT
    e.local_day,
    coalesce(i.person_id, m.person_id, pseudonym(coalesce(e.actor_email, e.actor_id))) AS person_id,
    e.kind,
    coalesce(max(coalesce(i.group_name, m.group_name)), CASE WHEN bool_or(e.guest) THEN 'Guests' ELSE 'Unknown' END) AS group_name,
    max(coalesce(i.start_date, m.start_date)) AS start_date,
    bool_or(e.machine) AS machine,
    min(e.source) AS source,
    array_to_string(array_sort(array_agg(DISTINCT e.vendor_action)), ', ') AS names,
    sum(CASE e.kind WHEN 'previews' THEN e.channels ELSE e.events END) AS acts,
    sum(e.credential_searches) AS credential_searches,
    min(e.first_event_time) AS first_event_time,
    max(e.last_event_time) AS last_event_time
  FROM named AS e
  LEFT JOIN identities AS i
    ON e.actor_id = i.identity AND e.interval_start >= i.valid_from AND e.interval_start < i.valid_to
  LEFT JOIN identities AS m
    ON e.actor_email = m.identity AND e.interval_start >= m.valid_from AND e.interval_start < m.valid_to
  GROUP BY e.local_day, coalesce(i.person_id, m.person_id, pseudonym(coalesce(e.actor_email, e.actor_id))), e.kind
),
compared AS (
  SELECT
    *,
    count(*) OVER before AS days_before,
    coalesce(max(acts) OVER before, 0) AS most_before
  FROM daily
  WINDOW before AS (
    PARTITION BY person_id, kind ORDER BY local_day RANGE BETWEEN INTERVAL '90 days' PRECEDING AND INTERVAL '1 day' PRECEDING
  )
),
asked AS (
  SELECT *
  FROM compared
  WHERE local_day >= $interval_start AND local_day < $interval_end
),
-- How long the source has been here: in its first weeks everything is done for the first time.
known AS (
  SELECT a.source, a.local_day, count(*) AS days
  FROM (SELECT DISTINCT source, local_day FROM asked) AS a
  JOIN source_days AS s
    ON a.source = s.source AND s.interval_start < a.local_day AND s.interval_start >= a.local_day - INTERVAL '90 days'
  WHERE s.interval_start >= $interval_start - INTERVAL '90 days' AND s.interval_start < $interval_end
    AND s.complete
  GROUP BY a.source, a.local_day
),
others AS (
  SELECT a.kind, a.person_id, a.local_day, count(DISTINCT d.person_id) AS people
  FROM asked AS a
  JOIN daily AS d
    ON a.kind = d.kind AND a.source = d.source AND a.person_id <> d.person_id
    AND d.local_day <= a.local_day AND d.local_day >= a.local_day - INTERVAL '90 days'
  GROUP BY a.kind, a.person_id, a.local_day
),
fired AS (
  SELECT
    a.*, coalesce(k.days, 0) AS known_days, coalesce(o.people, 0) AS others
  FROM asked AS a
  LEFT JOIN known AS k ON a.source = k.source AND a.local_day = k.local_day
  LEFT JOIN others AS o ON a.kind = o.kind AND a.person_id = o.person_id AND a.local_day = o.local_day
  LEFT JOIN (
    SELECT DISTINCT person_id, action, valid_from, valid_to FROM policy_approvals
  ) AS p
    ON a.person_id = p.person_id AND a.local_day >= p.valid_from AND a.local_day < p.valid_to
    AND (p.action = 'export' OR p.action = CASE a.kind WHEN 'previews' THEN 'channel_previewed' ELSE a.kind END)
  WHERE p.person_id IS NULL
    AND CASE a.kind
      WHEN 'minor' THEN a.acts >= $minor_min AND a.acts >= $factor_min * a.most_before AND k.days >= $known_days_min
      -- Who is new looks around.
      WHEN 'previews' THEN a.acts >= $previews_min AND a.acts >= $factor_min * a.most_before AND k.days >= $known_days_min
        AND (a.start_date IS NULL OR a.local_day >= a.start_date + arrow_cast($newcomer_days * 86400, 'Duration(Second)'))
      ELSE a.days_before <= $days_before_max OR a.acts >= $factor_min * a.most_before
    END
),
evidence AS (
  SELECT person_id, local_day, kind, array_agg(event_id ORDER BY event_time) AS evidence_ids
  FROM (
    SELECT
      person_id, event_id, event_time,
      date_trunc('day', local_time(event_time, time_zone)) AS local_day,
      CASE
        WHEN action = 'channel_previewed' THEN 'previews'
        WHEN regexp_like(coalesce(vendor_action, ''), $minor, 'i') THEN 'minor'
        ELSE action
      END AS kind
    FROM acts
    WHERE event_time >= $interval_start - INTERVAL '1 day' AND event_time < $interval_end + INTERVAL '1 day'
      AND time_origin IS NULL AND outcome = 'success'
      AND action IN ('export', 'content_search', 'channel_previewed')
  ) AS done
  GROUP BY person_id, local_day, kind
)
SELECT
  f.local_day AS interval_time,
  f.person_id AS entity_id,
  f.kind AS alert_key,
  f.group_name,
  CASE
    WHEN f.known_days < $known_days_min THEN 'low'
    WHEN f.kind = 'export' OR f.credential_searches > 0 THEN 'high'
    ELSE 'medium'
  END AS severity,
  f.first_event_time,
  f.last_event_time,
  CAST(f.acts AS DOUBLE) AS observed,
  CAST(f.most_before AS DOUBLE) AS expected,
  f.known_days AS history_days,
  f.others AS peers,
  CASE WHEN f.known_days < $known_days_min THEN 'learning' ELSE 'firing' END AS status,
  CASE f.kind
    WHEN 'export' THEN CASE WHEN f.machine THEN 'A program made or fetched a mass export' ELSE 'Made or fetched a mass export' END
      || ' (' || credential_redact(f.names) || ')'
    WHEN 'content_search' THEN 'Searched through everybody''s content (' || credential_redact(f.names) || '), ' || CAST(f.acts AS VARCHAR)
      || CASE f.acts WHEN 1 THEN ' act' ELSE ' acts' END
      || CASE WHEN f.credential_searches > 0 THEN ', ' || CAST(f.credential_searches AS VARCHAR) || ' of them for credentials' ELSE '' END
    WHEN 'minor' THEN CAST(f.acts AS VARCHAR) || ' exports of single pages, issues or lists in a day'
    ELSE CAST(f.acts AS VARCHAR) || ' channels looked into in a day without joining them'
  END
    || CASE
         WHEN f.known_days < $known_days_min THEN '; the log is only ' || CAST(f.known_days AS VARCHAR) || ' days old, so nobody knows who usually does it'
         WHEN f.days_before = 0 THEN '; never before in ' || CAST(f.known_days AS VARCHAR) || ' days, '
           || CASE f.others WHEN 0 THEN 'nor did anybody else' WHEN 1 THEN 'one other person did' ELSE CAST(f.others AS VARCHAR) || ' others did' END
         ELSE '; on ' || CAST(f.days_before AS VARCHAR) || CASE f.days_before WHEN 1 THEN ' day' ELSE ' days' END || ' before, never over '
           || CAST(f.most_before AS VARCHAR) || ' a day'
       END AS summary,
  e.evidence_ids
FROM fired AS f
LEFT JOIN evidence AS e ON f.person_id = e.person_id AND f.local_day = e.local_day AND f.kind = e.kind
