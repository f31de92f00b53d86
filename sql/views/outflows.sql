-- What of outflow_daily goes to no approved destination, and whose it is.
SELECT
  f.*,
  coalesce(i.person_id, m.person_id, pseudonym(coalesce(f.actor_email, f.actor_id)), 'nobody') AS person_id,
  coalesce(i.group_name, m.group_name, CASE WHEN f.guest THEN 'Guests' ELSE 'Unknown' END) AS group_name
FROM outflow_daily AS f
LEFT JOIN identities AS i
  ON f.actor_id = i.identity AND f.interval_start >= i.valid_from AND f.interval_start < i.valid_to
LEFT JOIN identities AS m
  ON f.actor_email = m.identity AND f.interval_start >= m.valid_from AND f.interval_start < m.valid_to
LEFT JOIN policy_destinations AS p
  ON p.approved
  AND ((p.kind = 'domain' AND (lower(f.target_domain) = lower(p.value) OR ends_with(lower(f.target_domain), '.' || lower(p.value))))
    OR (p.kind = 'device' AND f.target = p.value)
    OR (p.kind = 'share' AND (f.target = p.value OR starts_with(f.target, p.value || '\')))
    OR (p.kind = 'tenant' AND f.target_account = p.value))
  AND f.interval_start >= p.valid_from AND f.interval_start < p.valid_to
WHERE p.value IS NULL
