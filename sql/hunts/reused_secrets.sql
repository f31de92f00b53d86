-- title = "Which secrets stand in more than one place, or are posted by several people?"
-- [params]
-- places_min = 2
-- posters_min = 2
-- limit = 100
-- [columns]
-- places = "channels, or sources where there is none"
-- standing = "places where it was not removed"
SELECT
  fingerprint, max(kind) AS kind, max(masked) AS masked, max(confidence) AS confidence,
  count(*) AS places,
  count(*) FILTER (WHERE removed_time IS NULL) AS standing,
  sum(messages) AS messages,
  max(posters) AS posters_in_one_place,
  bool_or(channel_external OR channel_type = 'public') AS widely_readable,
  array_to_string(array_sort(array_agg(DISTINCT coalesce(channel_name, channel_id, source))), ', ') AS channels,
  min(first_posted_time) AS first_posted_time,
  max(last_posted_time) AS last_posted_time
FROM credential_exposures
GROUP BY fingerprint
HAVING count(*) >= $places_min OR max(posters) >= $posters_min
ORDER BY places DESC, messages DESC, fingerprint
LIMIT $limit
