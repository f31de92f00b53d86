-- device_daily with who that is, as of the day.
SELECT
  r.*,
  coalesce(i.person_id, m.person_id, pseudonym(coalesce(r.actor_email, r.actor_id))) AS person_id
FROM device_daily AS r
LEFT JOIN identities AS i
  ON r.actor_id = i.identity AND r.interval_start >= i.valid_from AND r.interval_start < i.valid_to
LEFT JOIN identities AS m
  ON r.actor_email = m.identity AND r.interval_start >= m.valid_from AND r.interval_start < m.valid_to
