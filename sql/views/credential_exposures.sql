-- Where each credential stands or stood, and how far it got: one row a fingerprint and place (a channel, or the source where there is none).
-- `readers` were members when it was first posted, as far as lists and joins say; `active_after` did something in the channel from that
-- day on; `removed_time` is when the last message that held it was deleted or edited, NULL while one still holds it.
WITH held AS (
  SELECT
    fingerprint, coalesce(channel_id, source) AS place, channel_id, coalesce(message_id, event_id) AS message,
    max(message_id) AS message_id, max(source) AS source, max(channel_name) AS channel_name, max(channel_type) AS channel_type,
    bool_or(channel_external) AS channel_external, max(kind) AS kind, max(rule) AS rule, max(masked) AS masked,
    max(confidence) AS confidence, min(event_time) AS posted_time, max(event_time) AS last_event_time,
    min(coalesce(actor_id, actor_email)) AS poster
  FROM credential_findings
  WHERE field = 'text'
  GROUP BY fingerprint, coalesce(channel_id, source), channel_id, coalesce(message_id, event_id)
),
removed AS (
  SELECT h.fingerprint, h.place, h.message, min(e.event_time) AS removed_time
  FROM held AS h
  JOIN events AS e
    ON h.message_id = e.message_id AND coalesce(h.channel_id, '') = coalesce(e.channel_id, '') AND e.event_time > h.last_event_time
  WHERE e.action IN ('message_deleted', 'message_edited')
  GROUP BY h.fingerprint, h.place, h.message
),
exposures AS (
  SELECT
    h.fingerprint, h.place, h.channel_id,
    max(h.source) AS source, max(h.channel_name) AS channel_name, max(h.channel_type) AS channel_type,
    coalesce(bool_or(h.channel_external), false) AS channel_external,
    max(h.kind) AS kind, max(h.rule) AS rule, max(h.masked) AS masked, max(h.confidence) AS confidence,
    min(h.posted_time) AS first_posted_time, max(h.last_event_time) AS last_posted_time,
    count(*) AS messages, count(DISTINCT h.poster) AS posters,
    CASE WHEN count(*) = count(r.removed_time) THEN max(r.removed_time) END AS removed_time
  FROM held AS h
  LEFT JOIN removed AS r ON h.fingerprint = r.fingerprint AND h.place = r.place AND h.message = r.message
  GROUP BY h.fingerprint, h.place, h.channel_id
),
-- A member is whose last word before the posting is not that they left.
readers AS (
  SELECT fingerprint, place, count(*) AS readers
  FROM (
    SELECT x.fingerprint, x.place, m.actor_id, last_value(m.change ORDER BY m.change_time, m.change) AS last_change
    FROM exposures AS x
    JOIN channel_members AS m ON x.channel_id = m.channel_id AND m.change_time <= x.first_posted_time
    GROUP BY x.fingerprint, x.place, m.actor_id
  ) AS members
  WHERE last_change <> 'left'
  GROUP BY fingerprint, place
),
active AS (
  SELECT x.fingerprint, x.place, count(DISTINCT coalesce(d.actor_id, d.actor_email)) AS active_after
  FROM exposures AS x
  JOIN channel_daily AS d ON x.channel_id = d.channel_id AND d.last_event_time >= x.first_posted_time
  GROUP BY x.fingerprint, x.place
),
spread AS (
  SELECT fingerprint, count(*) AS places
  FROM exposures
  GROUP BY fingerprint
)
SELECT
  x.fingerprint, x.kind, x.rule, x.masked, x.confidence, x.source, x.channel_id, x.channel_name, x.channel_type, x.channel_external,
  x.first_posted_time, x.last_posted_time, x.messages, x.posters, r.readers, coalesce(a.active_after, 0) AS active_after, s.places,
  x.removed_time,
  (date_part('epoch', x.removed_time) - date_part('epoch', x.first_posted_time)) / 3600 AS exposed_hours
FROM exposures AS x
JOIN spread AS s ON x.fingerprint = s.fingerprint
LEFT JOIN readers AS r ON x.fingerprint = r.fingerprint AND x.place = r.place
LEFT JOIN active AS a ON x.fingerprint = a.fingerprint AND x.place = a.place
