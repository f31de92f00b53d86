-- title = "Columns that detections need, and how often they are empty in the acts that need them"
WITH acts_of AS (
  SELECT
    source,
    CASE
      WHEN action IN ('file_downloaded', 'file_synced', 'file_copied') THEN 'downloads'
      WHEN action IN ('file_viewed', 'file_shared', 'file_uploaded', 'link_created') THEN 'other acts with files'
      WHEN action IN ('search', 'content_search') THEN 'searches'
      WHEN action IN ('message_posted', 'message_edited') THEN 'messages'
      WHEN action IN ('removable_media_write', 'cloud_upload', 'network_share_write') THEN 'transfers'
      WHEN action IN ('channel_joined', 'channel_left', 'channel_previewed') THEN 'channels'
      ELSE 'other'
    END AS acts,
    count(*) AS events,
    count(*) FILTER (WHERE actor_id IS NULL AND actor_email IS NULL) AS no_actor,
    count(*) FILTER (WHERE file_id IS NULL AND file_name IS NULL) AS no_file,
    count(*) FILTER (WHERE file_size IS NULL) AS no_size,
    count(*) FILTER (WHERE channel_id IS NULL) AS no_channel,
    count(*) FILTER (WHERE search_query IS NULL) AS no_query,
    count(*) FILTER (WHERE text IS NULL) AS no_text,
    count(*) FILTER (WHERE target IS NULL AND target_domain IS NULL) AS no_target
  FROM events
  WHERE event_time >= $from AND event_time < $to AND action <> 'other'
  GROUP BY 1, 2
),
needed AS (
  SELECT source, acts, events, 'actor_id' AS column_name, no_actor AS missing, 'all' AS needed_by FROM acts_of
  UNION ALL
  SELECT source, acts, events, 'file_id', no_file, 'bulk_download, slow_drip, data_transfer' FROM acts_of WHERE acts IN ('downloads', 'other acts with files')
  UNION ALL
  SELECT source, acts, events, 'file_size', no_size, 'bulk_download (megabytes)' FROM acts_of WHERE acts = 'downloads'
  UNION ALL
  SELECT source, acts, events, 'channel_id', no_channel, 'sensitive_channel_access' FROM acts_of WHERE acts IN ('downloads', 'messages', 'channels')
  UNION ALL
  SELECT source, acts, events, 'search_query', no_query, 'credential_search_spike' FROM acts_of WHERE acts = 'searches'
  UNION ALL
  SELECT source, acts, events, 'text', no_text, 'credential_in_message' FROM acts_of WHERE acts = 'messages'
  UNION ALL
  SELECT source, acts, events, 'target', no_target, 'data_transfer' FROM acts_of WHERE acts = 'transfers'
)
SELECT source, acts, column_name, needed_by, events, missing
FROM needed
WHERE missing > 0
ORDER BY CAST(missing AS DOUBLE) / events DESC, missing DESC, source, acts, column_name
