-- title = "Who was seen to join, leave or be in a channel on a day"
-- interval = "1 day"
SELECT
  date_trunc('day', change_time) AS interval_time,
  channel_id,
  actor_id,
  change,
  origin,
  max(role) AS role,
  min(change_time) AS change_time
FROM (
  SELECT
    event_time AS change_time, channel_id,
    -- Microsoft's log names who added somebody, and the one added as the target.
    CASE WHEN source IN ('m365_audit', 'teams_messages') THEN coalesce(target, actor_id) ELSE actor_id END AS actor_id,
    CASE action WHEN 'channel_left' THEN 'left' ELSE 'joined' END AS change,
    'event' AS origin, CAST(NULL AS VARCHAR) AS role
  FROM events
  WHERE event_time >= $interval_start AND event_time < $interval_end
    AND action IN ('channel_joined', 'channel_left') AND channel_id IS NOT NULL AND actor_id IS NOT NULL
  UNION ALL
  SELECT snapshot_time AS change_time, channel_id, actor_id, 'member' AS change, 'snapshot' AS origin, role
  FROM snapshots
  WHERE snapshot_time >= $interval_start AND snapshot_time < $interval_end
    AND kind = 'channel_member' AND channel_id IS NOT NULL AND actor_id IS NOT NULL
) AS changes
GROUP BY date_trunc('day', change_time), channel_id, actor_id, change, origin
