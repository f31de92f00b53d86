-- title = "Who made links that anybody can open, and to what?"
-- [params]
-- from = "2026-03-01"
-- to = "2026-05-01"
-- limit = 200
-- [columns]
-- links = "how many links to this file on that day"
-- sensitivity = "of the channel or site, by the policy"
SELECT
  date_trunc('day', a.event_time) AS day, a.person_id, a.group_name, a.source, a.vendor_action,
  credential_redact(coalesce(a.file_name, a.object_url)) AS file_name,
  max(coalesce(p.channel_name, a.channel_name, a.channel_id)) AS channel,
  max(p.sensitivity) AS sensitivity,
  max(a.sensitivity_label) AS sensitivity_label,
  count(*) AS links,
  min(a.event_time) AS first_time
FROM acts AS a
LEFT JOIN policy_channels AS p ON a.channel_id = p.channel_id AND a.event_time >= p.valid_from AND a.event_time < p.valid_to
WHERE a.event_time >= CAST($from AS TIMESTAMP) AND a.event_time < CAST($to AS TIMESTAMP)
  AND a.action = 'link_created' AND a.outcome = 'success'
  AND (a.vendor_action ILIKE '%anonymous%' OR a.vendor_action ILIKE '%public%' OR a.target IN ('public', 'people_with_link'))
GROUP BY
  date_trunc('day', a.event_time), a.person_id, a.group_name, a.source, a.vendor_action,
  credential_redact(coalesce(a.file_name, a.object_url))
ORDER BY day DESC, a.person_id, file_name
LIMIT $limit
