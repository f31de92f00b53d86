-- title = "What the lake holds of all"
SELECT
  (SELECT count(*) FROM events) AS events,
  (SELECT count(*) FROM objects) AS objects,
  (SELECT count(*) FROM runs) AS runs,
  (SELECT count(*) FROM alerts) AS alerts,
  (SELECT count(*) FROM policy_people) AS people
