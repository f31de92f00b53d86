-- Elastic's rule for bulk downloads from SharePoint and OneDrive: 25 files of a user within three minutes. The score is what its threshold is compared with.
SELECT person_id, date_trunc('day', event_time) AS day, CAST(sliding_peak(event_time, 3) AS DOUBLE) AS score
FROM acts
WHERE action IN ('file_downloaded', 'file_synced') AND outcome = 'success' AND actor_class = 'human'
GROUP BY person_id, date_trunc('day', event_time)
