-- title = "Who searched for credentials, and with what words?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- limit = 200
-- [columns]
-- query = "as typed, with credentials in it masked"
-- times = "how often the person searched for just that"
SELECT
  person_id, group_name, source, class,
  -- Masked as typed: in lower case many a secret is none to the matcher.
  lower(trim(credential_redact(search_query))) AS query,
  array_to_string(array_sort(array_distinct(flatten(array_agg(credential_term(search_query))))), ', ') AS terms,
  count(*) AS times,
  min(event_time) AS first_time,
  max(event_time) AS last_time
FROM acts
WHERE event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP)
  AND action IN ('search', 'content_search')
  AND cardinality(credential_term(search_query)) > 0
GROUP BY person_id, group_name, source, class, lower(trim(credential_redact(search_query)))
ORDER BY last_time DESC, person_id, query
LIMIT $limit
