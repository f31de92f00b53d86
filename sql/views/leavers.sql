-- Who leaves, and from when on that is known: from their notice, or from when the row of people.csv that says so begins if that is later.
-- Without a notice a month before their last day.
SELECT
  person_id,
  last_value(group_name ORDER BY valid_from) AS group_name,
  greatest(coalesce(max(notice_date), max(leaving_date) - INTERVAL '30 days'), min(valid_from)) AS known_day,
  max(leaving_date) AS leaving_date
FROM policy_people
WHERE notice_date IS NOT NULL OR leaving_date IS NOT NULL
GROUP BY person_id
