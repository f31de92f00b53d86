-- title = "Who saw people's names lately, and why"
-- [params]
-- limit = 20
SELECT unmask_time, "by", command, why
FROM unmaskings
ORDER BY unmask_time DESC
LIMIT $limit
