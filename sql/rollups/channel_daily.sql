-- title = "Acts of an actor in a channel on a day; downloads that name no channel stand in the most sensitive one the file was seen in"
-- interval = "1 day"
-- reads = "-90 days"
WITH located AS (
  SELECT
    f.file_id,
    first_value(f.channel_id ORDER BY CASE p.sensitivity WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END, f.channel_id) AS channel_id
  FROM file_locations AS f
  LEFT JOIN policy_channels AS p ON f.channel_id = p.channel_id
    AND f.interval_start >= p.valid_from AND f.interval_start < p.valid_to
  WHERE f.interval_start >= $interval_start - INTERVAL '90 days' AND f.interval_start < $interval_end
  GROUP BY f.file_id
)
SELECT
  date_trunc('day', e.event_time) AS interval_time,
  e.source,
  e.actor_id,
  e.actor_email,
  coalesce(e.channel_id, l.channel_id) AS channel_id,
  CASE WHEN e.channel_id IS NOT NULL THEN 'exact' ELSE 'inferred' END AS channel_attribution,
  bool_or(e.actor_class = 'guest') AS guest,
  max(e.channel_name) AS channel_name,
  -- A site's GUID says nothing to whoever writes policy; its address stands at the head of its files' addresses.
  max(CASE WHEN split_part(e.object_url, '/', 4) IN ('sites', 'teams', 'personal')
        THEN lower(split_part(e.object_url, '/', 3) || '/' || split_part(e.object_url, '/', 4) || '/' || split_part(e.object_url, '/', 5)) END
  ) AS site_address,
  count(*) AS events,
  count(*) FILTER (WHERE e.action = 'file_downloaded') AS downloads,
  count(*) FILTER (WHERE e.action IN ('channel_joined', 'channel_previewed')) AS entries,
  distinct_count(e.file_id) AS files,
  min(e.event_time) AS first_event_time,
  max(e.event_time) AS last_event_time
FROM events AS e
LEFT JOIN located AS l ON e.file_id = l.file_id AND e.channel_id IS NULL
WHERE e.event_time >= $interval_start AND e.event_time < $interval_end
  AND e.time_origin IS NULL
  AND e.outcome = 'success'
  AND (e.actor_class IS NULL OR e.actor_class IN ('human', 'guest'))
  AND (e.actor_id IS NOT NULL OR e.actor_email IS NOT NULL)
  AND e.action IN ('message_posted', 'file_downloaded', 'file_viewed', 'file_uploaded', 'file_shared', 'file_copied', 'file_synced',
                   'channel_joined', 'channel_previewed', 'search', 'export')
  AND coalesce(e.channel_id, l.channel_id) IS NOT NULL
GROUP BY date_trunc('day', e.event_time), e.source, e.actor_id, e.actor_email, coalesce(e.channel_id, l.channel_id),
         CASE WHEN e.channel_id IS NOT NULL THEN 'exact' ELSE 'inferred' END
