-- title = "Where files were seen on a day: channel, size and owner, from shares, uploads, messages and snapshots"
-- interval = "1 day"
SELECT
  date_trunc('day', seen_time) AS interval_time,
  file_id,
  channel_id,
  max(file_size) AS file_size,
  max(file_owner) AS file_owner,
  min(seen_time) AS first_seen_time
FROM (
  SELECT event_time AS seen_time, file_id, channel_id, file_size, coalesce(file_owner, actor_id) AS file_owner
  FROM events
  WHERE event_time >= $interval_start AND event_time < $interval_end
    AND file_id IS NOT NULL AND channel_id IS NOT NULL
    AND action IN ('file_uploaded', 'file_shared', 'message_posted')
  UNION ALL
  SELECT snapshot_time AS seen_time, file_id, channel_id, file_size, file_owner
  FROM snapshots
  WHERE snapshot_time >= $interval_start AND snapshot_time < $interval_end
    AND kind = 'file_location' AND file_id IS NOT NULL AND channel_id IS NOT NULL
) AS seen
GROUP BY date_trunc('day', seen_time), file_id, channel_id
