-- Panther's rule for downloads from Slack: 20 within five minutes. The score is what its threshold is compared with.
SELECT person_id, date_trunc('day', event_time) AS day, CAST(sliding_peak(event_time, 5) AS DOUBLE) AS score
FROM acts
WHERE action = 'file_downloaded' AND outcome = 'success' AND actor_class = 'human'
GROUP BY person_id, date_trunc('day', event_time)
