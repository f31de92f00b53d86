-- title = "Which files did a person take, and where did they go?"
-- [params]
-- person = ""
-- from = "2026-03-01"
-- to = "2026-05-01"
-- match_days = 7
-- limit = 500
-- [columns]
-- person_id = "parameter person: a pseudonym, an address or an account; empty: everybody whose files went somewhere"
-- went = "how the same file left within match_days: by id, hash or name; empty: not as far as the logs say"
-- match = "what the two acts have in common; a common name alone proves little"
WITH who AS (
  SELECT person_id FROM identities WHERE identity IN ($person, lower($person))
  UNION
  SELECT CAST($person AS VARCHAR) AS person_id
  UNION
  SELECT pseudonym(CAST($person AS VARCHAR)) AS person_id
),
moved AS (
  SELECT *
  FROM acts
  WHERE event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP)
    AND outcome IN ('success', 'blocked')
    AND ($person = '' OR person_id IN (SELECT person_id FROM who))
),
taken AS (
  SELECT
    person_id, coalesce(file_id, file_hash, file_name, object_url) AS file,
    max(group_name) AS group_name,
    max(file_id) AS file_id, max(lower(file_hash)) AS file_hash, max(file_name) AS file_name, max(file_size) AS file_size,
    min(event_time) AS taken_time, count(*) AS times, min(class) AS class
  FROM moved
  WHERE action IN ('file_downloaded', 'file_synced', 'file_copied') AND outcome = 'success'
  GROUP BY person_id, coalesce(file_id, file_hash, file_name, object_url)
),
gone AS (
  SELECT
    person_id, event_time, action, outcome, file_id, lower(file_hash) AS file_hash, file_name,
    coalesce(target_domain, target) AS destination
  FROM moved
  WHERE action IN (
    'removable_media_write', 'network_share_write', 'remote_session_copy', 'cloud_upload', 'email_sent', 'link_created', 'print'
  )
)
SELECT
  t.person_id, t.group_name, t.taken_time, t.class, credential_redact(t.file_name) AS file_name, t.file_size, t.times,
  g.event_time AS went_time, g.action AS went, g.outcome, credential_redact(g.destination) AS destination,
  CASE WHEN t.file_id = g.file_id THEN 'id' WHEN t.file_hash = g.file_hash THEN 'hash' WHEN g.file_name IS NOT NULL THEN 'name' END AS match
FROM taken AS t
LEFT JOIN gone AS g
  ON t.person_id = g.person_id
  AND g.event_time >= t.taken_time AND g.event_time <= t.taken_time + arrow_cast($match_days * 86400, 'Duration(Second)')
  AND (t.file_id = g.file_id OR t.file_hash = g.file_hash OR lower(t.file_name) = lower(g.file_name))
WHERE $person <> '' OR g.event_time IS NOT NULL
ORDER BY g.event_time IS NULL, t.taken_time, file_name, went_time
LIMIT $limit
