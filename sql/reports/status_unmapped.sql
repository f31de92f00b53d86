-- title = "Vendor actions of the weeks that no mapping names"
-- [params]
-- limit = 20
SELECT source, coalesce(vendor_action, '') AS vendor_action, count(*) AS events
FROM events
WHERE action = 'other' AND event_time >= $from AND event_time < $to
GROUP BY source, coalesce(vendor_action, '')
ORDER BY events DESC, source, vendor_action
LIMIT $limit
