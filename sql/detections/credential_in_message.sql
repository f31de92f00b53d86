-- title = "Credential posted in a message, comment or mail"
-- severity = "high"
-- techniques = ["T1552.008"]
-- interval = "1 hour"
-- entity = "person_id"
-- known_gaps = "A credential in a picture or a call is not seen; one that is told in words no rule knows is not either."
-- [params]
-- confidence_high = 0.9
SELECT
  date_trunc('hour', c.event_time) AS interval_time,
  coalesce(i.person_id, m.person_id, pseudonym(coalesce(c.actor_email, c.actor_id)), 'nobody') AS entity_id,
  coalesce(c.channel_id, c.source) || ' ' || c.fingerprint AS alert_key,
  max(coalesce(i.group_name, m.group_name, CASE WHEN c.actor_class = 'guest' THEN 'Guests' ELSE 'Unknown' END)) AS group_name,
  CASE WHEN max(c.confidence) >= $confidence_high THEN 'high' ELSE 'medium' END AS severity,
  min(c.event_time) AS first_event_time,
  max(c.event_time) AS last_event_time,
  CAST(count(DISTINCT c.event_id) AS DOUBLE) AS observed,
  max(c.confidence) AS score,
  'A credential (' || max(c.kind) || ', ' || max(c.masked) || ') was posted in '
    || coalesce('#' || max(c.channel_name), max(c.channel_id), CASE max(c.surface) WHEN 'email' THEN 'a mail' ELSE 'a ' || max(c.surface) || ' of ' || max(c.source) END)
    || CASE WHEN bool_or(c.channel_external) THEN ', which people outside can read' ELSE '' END AS summary,
  array_agg(DISTINCT c.event_id) AS evidence_ids,
  c.fingerprint
FROM credential_findings AS c
LEFT JOIN identities AS i
  ON c.actor_id = i.identity AND c.event_time >= i.valid_from AND c.event_time < i.valid_to
LEFT JOIN identities AS m
  ON c.actor_email = m.identity AND c.event_time >= m.valid_from AND c.event_time < m.valid_to
WHERE c.interval_start >= $interval_start AND c.interval_start < $interval_end
  AND c.field = 'text'
GROUP BY date_trunc('hour', c.event_time), coalesce(i.person_id, m.person_id, pseudonym(coalesce(c.actor_email, c.actor_id)), 'nobody'),
         coalesce(c.channel_id, c.source), c.fingerprint
