-- title = "What could not be read, by reason"
-- [params]
-- limit = 20
SELECT coalesce(source, '') AS source, reason, sum(line_to - line + 1) AS lines, min(object) AS first_object, min(line) AS first_line, count(DISTINCT object) AS objects
FROM quarantine
WHERE state IS NULL
GROUP BY source, reason
ORDER BY lines DESC, source, reason
LIMIT $limit
