-- Splunk's search for many downloads: 50 files of a user from one site. The score is what its threshold is compared with.
SELECT person_id, day, CAST(max(files) AS DOUBLE) AS score
FROM (
  SELECT person_id, date_trunc('day', event_time) AS day, channel_id, distinct_count(coalesce(file_id, object_url)) AS files
  FROM acts
  WHERE action IN ('file_downloaded', 'file_synced') AND outcome = 'success' AND actor_class = 'human'
  GROUP BY person_id, date_trunc('day', event_time), channel_id
) AS by_site
GROUP BY person_id, day
