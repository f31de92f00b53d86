-- title = "What kinds of acts the sources delivered in sixty days"
SELECT DISTINCT action
FROM events
WHERE event_time >= $to - INTERVAL '60 days' AND event_time < $to
ORDER BY action
