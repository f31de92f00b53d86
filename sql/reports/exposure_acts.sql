-- title = "What was done with some secrets after they were posted: searched for word by word, posted again, files that hold them opened"
-- [params]
-- fingerprints = ""
-- acts_max = 6
WITH held AS (
  SELECT f.*
  FROM credential_findings AS f
  JOIN (SELECT unnest(string_to_array($fingerprints, ',')) AS fingerprint) AS s ON f.fingerprint = s.fingerprint
  WHERE f.interval_start >= $from - INTERVAL '60 days' AND f.interval_start < $to
),
posted AS (
  SELECT fingerprint, min(event_time) AS posted_time
  FROM held
  WHERE field <> 'search_query'
  GROUP BY fingerprint
),
files AS (
  SELECT h.fingerprint, e.file_id, min(h.event_time) AS posted_time, min(coalesce(h.actor_email, h.actor_id)) AS poster
  FROM held AS h
  JOIN events AS e ON h.event_id = e.event_id
  WHERE e.event_time >= $from - INTERVAL '60 days' AND e.event_time < $to AND e.file_id IS NOT NULL
  GROUP BY h.fingerprint, e.file_id
),
acts_after AS (
  SELECT
    h.fingerprint, h.event_time, h.event_id, 'searched' AS act,
    coalesce(i.person_id, m.person_id, pseudonym(coalesce(h.actor_email, h.actor_id))) AS person_id
  FROM held AS h
  JOIN posted AS p ON h.fingerprint = p.fingerprint AND h.event_time >= p.posted_time
  LEFT JOIN identities AS i ON h.actor_id = i.identity AND h.event_time >= i.valid_from AND h.event_time < i.valid_to
  LEFT JOIN identities AS m ON h.actor_email = m.identity AND h.event_time >= m.valid_from AND h.event_time < m.valid_to
  WHERE h.field = 'search_query'
  UNION ALL
  SELECT f.fingerprint, a.event_time, a.event_id, a.action AS act, a.person_id
  FROM files AS f
  JOIN acts AS a ON f.file_id = a.file_id AND a.event_time >= f.posted_time
  WHERE a.event_time >= $from - INTERVAL '60 days' AND a.event_time < $to
    AND a.outcome = 'success'
    AND a.action IN ('file_viewed', 'file_downloaded', 'file_synced', 'file_copied')
    AND coalesce(a.actor_email, a.actor_id) <> f.poster
)
SELECT fingerprint, event_time, act, person_id, total
FROM (
  SELECT
    *,
    row_number() OVER (PARTITION BY fingerprint, act ORDER BY event_time, event_id) AS place,
    count(*) OVER (PARTITION BY fingerprint, act) AS total
  FROM acts_after
) AS numbered
WHERE place <= $acts_max
ORDER BY fingerprint, event_time, act
