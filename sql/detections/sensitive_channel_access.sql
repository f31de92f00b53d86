-- title = "Access to a sensitive channel outside one's scope"
-- severity = "medium"
-- techniques = ["IT1021", "T1213.005"]
-- interval = "1 day"
-- reads = "-90 days"
-- entity = "person_id"
-- known_gaps = "No platform logs that a channel was opened: evidence is a recorded act. Membership is not looked at."
-- [params]
-- days_before_max = 2
-- peers_min = 2
-- known_days_min = 10
WITH places AS (
  -- Channels of high sensitivity by whatever a log may call them: id, site's address as policy writes it or without what varies in it.
  SELECT DISTINCT
    channel_id, channel_name, groups, projects, valid_from, valid_to,
    unnest([channel_id, site_address, regexp_replace(lower(site_address), '^https?://|/+$', '', 'g')]) AS name
  FROM policy_channels
  WHERE sensitivity = 'high'
),
visits AS (
  SELECT
    v.interval_start, v.person_id,
    coalesce(p.channel_id, s.channel_id) AS channel_id,
    max(coalesce(p.channel_name, s.channel_name, v.channel_name)) AS channel_name,
    array_agg(DISTINCT v.channel_id) AS logged_ids,
    max(v.group_name) AS group_name,
    max(v.peer_group) AS peer_group,
    bool_or(
      coalesce(array_has(coalesce(p.groups, s.groups), v.group_name), false)
      OR coalesce(array_has_any(coalesce(p.projects, s.projects), v.projects), false)
    ) AS in_scope,
    max(v.channel_attribution) AS channel_attribution,
    min(v.source) AS source,
    sum(v.events) AS events,
    sum(v.downloads) AS downloads,
    sum(v.entries) AS entries,
    min(v.first_event_time) AS first_event_time,
    max(v.last_event_time) AS last_event_time
  -- The few places come first: the engine keeps a join's left side in memory, and does not see that these are the small one.
  FROM places AS s
  RIGHT JOIN (
    places AS p
    RIGHT JOIN visits_by_person AS v ON v.channel_id = p.name AND v.interval_start >= p.valid_from AND v.interval_start < p.valid_to
  ) ON v.site_address = s.name AND v.interval_start >= s.valid_from AND v.interval_start < s.valid_to
  WHERE v.interval_start >= $interval_start - INTERVAL '90 days' AND v.interval_start < $interval_end
    AND (p.name IS NOT NULL OR s.name IS NOT NULL)
  GROUP BY v.interval_start, v.person_id, coalesce(p.channel_id, s.channel_id)
),
outside AS (
  SELECT
    *,
    count(*) OVER (
      PARTITION BY person_id, channel_id ORDER BY interval_start
      RANGE BETWEEN INTERVAL '90 days' PRECEDING AND INTERVAL '1 day' PRECEDING
    ) AS days_before
  FROM visits
),
candidates AS (
  SELECT *
  FROM outside
  WHERE interval_start >= $interval_start AND interval_start < $interval_end
    AND NOT in_scope
    AND days_before <= $days_before_max
),
-- Where several of the same department and role go in and out without being in scope, the scope is what is wrong. Peers whom it names
-- say nothing: a project's room is not open to those who do the same for another project.
regulars AS (
  SELECT person_id, interval_start, channel_id, count(*) AS peers
  FROM (
    SELECT c.person_id, c.interval_start, c.channel_id, o.person_id AS peer
    FROM candidates AS c
    JOIN outside AS o
      ON c.channel_id = o.channel_id AND c.peer_group = o.peer_group AND c.person_id <> o.person_id
      AND o.interval_start < c.interval_start AND o.interval_start >= c.interval_start - INTERVAL '90 days'
    WHERE c.peer_group <> '/' AND NOT o.in_scope
    GROUP BY c.person_id, c.interval_start, c.channel_id, o.person_id
    HAVING count(*) > $days_before_max
  ) AS often
  GROUP BY person_id, interval_start, channel_id
),
-- Who was never there is known only of days on which the log was there.
known AS (
  SELECT d.source, t.interval_start, count(*) AS days
  FROM source_days AS t
  JOIN source_days AS d
    ON t.source = d.source AND d.interval_start < t.interval_start AND d.interval_start >= t.interval_start - INTERVAL '90 days'
  WHERE t.interval_start >= $interval_start AND t.interval_start < $interval_end
    AND d.interval_start >= $interval_start - INTERVAL '90 days' AND d.interval_start < $interval_end
    AND d.complete
  GROUP BY d.source, t.interval_start
),
fired AS (
  SELECT c.*
  FROM candidates AS c
  JOIN known AS k ON c.source = k.source AND c.interval_start = k.interval_start
  LEFT JOIN regulars AS r ON c.person_id = r.person_id AND c.interval_start = r.interval_start AND c.channel_id = r.channel_id
  WHERE k.days >= $known_days_min AND coalesce(r.peers, 0) < $peers_min
),
located AS (
  SELECT DISTINCT file_id, channel_id
  FROM file_locations
  WHERE interval_start >= $interval_start - INTERVAL '90 days' AND interval_start < $interval_end
),
-- What was done in a day and where, to be found again for those who fired.
done AS (
  SELECT a.person_id, date_trunc('day', a.event_time) AS day, coalesce(a.channel_id, l.channel_id) AS logged_id, a.event_id
  FROM acts AS a
  LEFT JOIN located AS l ON a.file_id = l.file_id AND a.channel_id IS NULL
  WHERE a.event_time >= $interval_start AND a.event_time < $interval_end
    AND a.time_origin IS NULL
    AND a.outcome = 'success'
    AND (a.actor_class IS NULL OR a.actor_class IN ('human', 'guest'))
    AND a.action IN ('message_posted', 'file_downloaded', 'file_viewed', 'file_uploaded', 'file_shared', 'file_copied', 'file_synced',
                     'channel_joined', 'channel_previewed', 'search', 'export')
)
SELECT
  f.interval_start AS interval_time,
  f.person_id AS entity_id,
  f.channel_id AS alert_key,
  max(f.group_name) AS group_name,
  max(f.first_event_time) AS first_event_time,
  max(f.last_event_time) AS last_event_time,
  CAST(max(f.events) AS DOUBLE) AS observed,
  CAST(0 AS DOUBLE) AS expected,
  CAST(max(f.downloads) AS DOUBLE) AS score,
  max(f.days_before) AS history_days,
  CASE WHEN max(f.entries) > 0 THEN 'Entered' ELSE 'Was active in' END
    || ' the sensitive channel #' || coalesce(max(f.channel_name), f.channel_id)
    || ' on ' || to_char(f.interval_start, '%A') || ' (' || CAST(max(f.events) AS VARCHAR)
    || CASE max(f.events) WHEN 1 THEN ' act, ' ELSE ' acts, ' END || CAST(max(f.downloads) AS VARCHAR)
    || CASE max(f.downloads) WHEN 1 THEN ' download' ELSE ' downloads' END
    || ') without a group or project in its scope; '
    || CASE max(f.days_before) WHEN 0 THEN 'never there in the 90 days before' WHEN 1 THEN 'there on one day before'
         ELSE 'there on ' || CAST(max(f.days_before) AS VARCHAR) || ' days before' END
    || CASE max(f.channel_attribution)
         WHEN 'inferred' THEN '; the channel follows from where the files were shared'
         ELSE ''
       END AS summary,
  array_agg(DISTINCT d.event_id) FILTER (WHERE d.event_id IS NOT NULL) AS evidence_ids
FROM fired AS f
LEFT JOIN done AS d ON f.person_id = d.person_id AND f.interval_start = d.day AND array_has(f.logged_ids, d.logged_id)
GROUP BY f.interval_start, f.person_id, f.channel_id
