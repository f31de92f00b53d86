-- title = "Where does a secret stand, and who could read it?"
-- [params]
-- fingerprint = ""
-- limit = 50
-- [columns]
-- fingerprint = "of the secret; the same everywhere. Empty parameter: all, the newest first"
-- readers = "members when it was first posted, as far as lists and joins say; empty: nobody knows"
-- active_after = "people who did something there from that day on"
-- removed_time = "when the last message that held it was deleted or edited; empty: it still stands there"
SELECT
  fingerprint, kind, masked, source, coalesce(channel_name, channel_id) AS channel, channel_type, channel_external,
  first_posted_time, last_posted_time, messages, posters, readers, active_after, places, removed_time
FROM credential_exposures
WHERE $fingerprint = '' OR fingerprint = $fingerprint
ORDER BY first_posted_time DESC, fingerprint, channel
LIMIT $limit
