-- title = "Credential posted in a message, comment or mail"
-- severity = "high"
-- techniques = ["T1552.008"]
-- interval = "1 hour"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "A credential in a picture or a call is not seen; one that is told in words no rule knows is not either. A removal later than a day is in credential_exposures, not in the alert."
-- [params]
-- confidence_min = 0.8
-- confidence_high = 0.9
-- confidence_external = 0.8
WITH posted AS (
  SELECT c.*
  FROM credential_findings AS c
  WHERE c.interval_start >= $interval_start AND c.interval_start < $interval_end
    AND c.field = 'text'
    AND c.confidence >= $confidence_min
),
-- Deleted, or edited into something that no longer holds it.
removed AS (
  SELECT p.event_id, p.fingerprint, min(r.event_time) AS removed_time
  FROM posted AS p
  JOIN events AS r
    ON p.message_id = r.message_id AND coalesce(p.channel_id, '') = coalesce(r.channel_id, '') AND r.event_time > p.event_time
  LEFT JOIN credential_findings AS s
    ON r.event_id = s.event_id AND p.fingerprint = s.fingerprint
    AND s.interval_start >= $interval_start AND s.interval_start < $interval_end + INTERVAL '1 day'
  WHERE r.event_time >= $interval_start AND r.event_time < $interval_end + INTERVAL '1 day'
    AND r.action IN ('message_deleted', 'message_edited')
    AND s.event_id IS NULL
  GROUP BY p.event_id, p.fingerprint
),
told AS (
  SELECT
    c.*,
    coalesce(i.person_id, m.person_id, pseudonym(coalesce(c.actor_email, c.actor_id)), 'nobody') AS who,
    coalesce(i.group_name, m.group_name, CASE WHEN c.actor_class = 'guest' THEN 'Guests' ELSE 'Unknown' END) AS who_group,
    coalesce(c.channel_id, c.source) AS place,
    coalesce(c.channel_name, n.channel_name) AS place_name,
    date_part('epoch', r.removed_time) - date_part('epoch', c.event_time) AS seen_secs
  FROM posted AS c
  LEFT JOIN removed AS r ON c.event_id = r.event_id AND c.fingerprint = r.fingerprint
  LEFT JOIN identities AS i
    ON c.actor_id = i.identity AND c.event_time >= i.valid_from AND c.event_time < i.valid_to
  LEFT JOIN identities AS m
    ON c.actor_email = m.identity AND c.event_time >= m.valid_from AND c.event_time < m.valid_to
  LEFT JOIN policy_channels AS n
    ON c.channel_id = n.channel_id AND c.event_time >= n.valid_from AND c.event_time < n.valid_to
)
SELECT
  date_trunc('hour', event_time) AS interval_time,
  who AS entity_id,
  place || ' ' || fingerprint AS alert_key,
  max(who_group) AS group_name,
  CASE
    WHEN max(confidence) >= $confidence_high THEN 'high'
    WHEN bool_or(channel_external) AND max(confidence) >= $confidence_external THEN 'high'
    ELSE 'medium'
  END AS severity,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time,
  CAST(count(DISTINCT event_id) AS DOUBLE) AS observed,
  max(confidence) AS score,
  'A credential (' || max(kind) || ', ' || max(masked) || ') was posted in '
    || coalesce(
         '#' || max(place_name),
         CASE max(channel_type) WHEN 'direct' THEN 'a direct conversation' WHEN 'group' THEN 'a group conversation' END,
         max(channel_id),
         CASE max(surface) WHEN 'email' THEN 'a mail' ELSE 'a ' || max(surface) || ' of ' || max(source) END
       )
    || CASE WHEN bool_or(channel_external) THEN ', which people outside can read' WHEN max(channel_type) = 'public' THEN ', a public channel' ELSE '' END
    || CASE
         WHEN count(seen_secs) = 0 THEN ''
         WHEN count(DISTINCT event_id) > count(DISTINCT event_id) FILTER (WHERE seen_secs IS NOT NULL) THEN '; some of it was removed'
         WHEN max(seen_secs) < 7200 THEN '; removed after ' || CAST(CAST(greatest(round(max(seen_secs) / 60), 1) AS BIGINT) AS VARCHAR) || ' min, so it was exposed'
         ELSE '; removed after ' || CAST(CAST(round(max(seen_secs) / 3600) AS BIGINT) AS VARCHAR) || ' h, so it was exposed'
       END AS summary,
  array_agg(DISTINCT event_id) AS evidence_ids,
  fingerprint
FROM told
GROUP BY date_trunc('hour', event_time), who, place, fingerprint
