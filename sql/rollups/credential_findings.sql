-- title = "Credentials found in messages, comments, mails, file names and searches: masked text and keyed fingerprint, never the credential"
-- interval = "1 hour"
WITH texts AS (
  SELECT event_id, event_time, 'text' AS field, text AS content
  FROM events
  WHERE event_time >= $interval_start AND event_time < $interval_end
    AND action IN ('message_posted', 'message_edited', 'email_sent', 'file_uploaded', 'file_shared')
    AND credential_match(text)
  UNION ALL
  SELECT event_id, event_time, 'file_name' AS field, file_name AS content
  FROM events
  WHERE event_time >= $interval_start AND event_time < $interval_end
    AND action IN ('message_posted', 'message_edited', 'email_sent', 'file_uploaded', 'file_shared', 'link_created')
    AND credential_match(file_name)
  UNION ALL
  SELECT event_id, event_time, 'search_query' AS field, search_query AS content
  FROM events
  WHERE event_time >= $interval_start AND event_time < $interval_end
    AND credential_match(search_query)
),
found AS (
  SELECT event_id, event_time, field, unnest(credential_find(content)) AS finding
  FROM texts
),
told AS (
  SELECT
    event_id, event_time, field,
    finding['rule'] AS rule, finding['kind'] AS kind, finding['confidence'] AS confidence,
    finding['start'] AS start_byte, finding['end'] AS end_byte, finding['masked'] AS masked, finding['fingerprint'] AS fingerprint
  FROM found
  UNION
  -- What was masked as it landed; an interrupted ingest may have told it twice.
  SELECT event_id, event_time, field, rule, kind, confidence, start_byte, end_byte, masked, fingerprint
  FROM ingest_findings
  WHERE event_time >= $interval_start AND event_time < $interval_end
)
SELECT
  f.event_time AS interval_time,
  f.event_id,
  f.event_time,
  e.source,
  e.surface,
  e.actor_id,
  e.actor_email,
  e.actor_class,
  e.channel_id,
  e.channel_name,
  e.channel_type,
  e.channel_external,
  e.message_id,
  f.field,
  f.rule,
  f.kind,
  f.confidence,
  f.start_byte,
  f.end_byte,
  f.masked,
  f.fingerprint
FROM told AS f
JOIN events AS e ON f.event_id = e.event_id
WHERE e.event_time >= $interval_start AND e.event_time < $interval_end
  AND (f.field = 'search_query'
    OR e.action IN ('message_posted', 'message_edited', 'email_sent', 'file_uploaded', 'file_shared')
    OR (f.field = 'file_name' AND e.action = 'link_created'))
