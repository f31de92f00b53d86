-- title = "Where each secret stands or stood: those of some alerts whole, of all others what is to be counted"
-- [params]
-- fingerprints = ""
-- confidence_min = 0.8
-- rows_max = 20000
SELECT
  x.fingerprint, x.kind, x.masked, x.source, coalesce(p.channel_name, x.channel_name, x.channel_id) AS channel, x.channel_type, x.channel_external,
  x.first_posted_time, x.messages, x.readers, x.active_after, x.places,
  -- What was removed after the day still stood on it.
  CASE WHEN x.removed_time < $to THEN x.removed_time END AS removed_time
FROM credential_exposures AS x
LEFT JOIN (SELECT channel_id, max(channel_name) AS channel_name FROM policy_channels GROUP BY channel_id) AS p ON x.channel_id = p.channel_id
WHERE x.first_posted_time < $to
  AND (array_has(string_to_array($fingerprints, ','), x.fingerprint)
    OR (x.confidence >= $confidence_min AND (x.removed_time IS NULL OR x.removed_time >= $from)))
ORDER BY x.first_posted_time, x.fingerprint, channel
LIMIT $rows_max
