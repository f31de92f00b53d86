-- title = "Who could read a secret where it was posted, and who was active there afterwards?"
-- [params]
-- fingerprint = ""
-- limit = 200
-- [columns]
-- member = "was in the channel when it was posted, as far as lists and joins say"
-- acts_after = "what they did in the channel on that day and after it; reading is logged by no platform"
WITH places AS (
  SELECT fingerprint, kind, channel_id, channel_name, first_posted_time
  FROM credential_exposures
  WHERE channel_id IS NOT NULL AND ($fingerprint = '' OR fingerprint = $fingerprint)
),
members AS (
  SELECT
    p.fingerprint, p.channel_id, coalesce(i.person_id, pseudonym(m.actor_id)) AS person_id,
    last_value(m.change ORDER BY m.change_time, m.change) AS last_change
  FROM places AS p
  JOIN channel_members AS m ON p.channel_id = m.channel_id AND m.change_time <= p.first_posted_time
  LEFT JOIN identities AS i
    ON m.actor_id = i.identity AND p.first_posted_time >= i.valid_from AND p.first_posted_time < i.valid_to
  GROUP BY p.fingerprint, p.channel_id, coalesce(i.person_id, pseudonym(m.actor_id))
),
active AS (
  SELECT p.fingerprint, p.channel_id, v.person_id, sum(v.events) AS acts_after, max(v.last_event_time) AS last_act_time
  FROM places AS p
  JOIN visits_by_person AS v ON p.channel_id = v.channel_id AND v.last_event_time >= p.first_posted_time
  GROUP BY p.fingerprint, p.channel_id, v.person_id
),
seen AS (
  SELECT fingerprint, channel_id, person_id, true AS member, 0 AS acts_after, CAST(NULL AS TIMESTAMP) AS last_act_time
  FROM members
  WHERE last_change <> 'left'
  UNION ALL
  SELECT fingerprint, channel_id, person_id, false AS member, acts_after, last_act_time
  FROM active
)
SELECT
  s.fingerprint, p.kind, coalesce(p.channel_name, p.channel_id) AS channel, p.first_posted_time, s.person_id,
  coalesce(max(w.group_name), 'Unknown') AS group_name,
  bool_or(s.member) AS member,
  sum(s.acts_after) AS acts_after,
  max(s.last_act_time) AS last_act_time
FROM seen AS s
JOIN places AS p ON s.fingerprint = p.fingerprint AND s.channel_id = p.channel_id
LEFT JOIN (SELECT person_id, max(group_name) AS group_name FROM policy_people GROUP BY person_id) AS w ON s.person_id = w.person_id
GROUP BY s.fingerprint, p.kind, coalesce(p.channel_name, p.channel_id), p.first_posted_time, s.person_id
ORDER BY p.first_posted_time DESC, s.fingerprint, acts_after DESC, s.person_id
LIMIT $limit
