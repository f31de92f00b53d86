-- title = "Which secrets still stand where they were posted, and for how long?"
-- [params]
-- at = "2026-05-01"
-- confidence_min = 0.5
-- limit = 200
-- [columns]
-- age_days = "from the first posting to the parameter at"
-- readers = "members when it was first posted; empty: nobody knows"
SELECT
  CAST(floor((date_part('epoch', CAST($at AS TIMESTAMP)) - date_part('epoch', first_posted_time)) / 86400) AS BIGINT) AS age_days,
  kind, masked, confidence, source, coalesce(channel_name, channel_id) AS channel, channel_type, channel_external,
  messages, readers, active_after, places, first_posted_time, fingerprint
FROM credential_exposures
WHERE (removed_time IS NULL OR removed_time >= CAST($at AS TIMESTAMP))
  AND first_posted_time < CAST($at AS TIMESTAMP)
  AND confidence >= $confidence_min
ORDER BY age_days DESC, confidence DESC, fingerprint, channel
LIMIT $limit
