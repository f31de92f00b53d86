-- title = "What could not be read, and why?"
-- [params]
-- limit = 100
-- [columns]
-- places = "object and line of the first three: the record itself stands only there"
SELECT
  source, reason, count(*) AS records, count(DISTINCT object) AS objects,
  array_to_string(array_slice(array_agg(object || ':' || CAST(line AS VARCHAR) ORDER BY object, line), 1, 3), ', ') AS places,
  max(ingest_time) AS last_time
FROM quarantine
WHERE state IS NULL
GROUP BY source, reason
ORDER BY records DESC, source, reason
LIMIT $limit
