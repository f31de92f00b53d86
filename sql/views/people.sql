-- The people of the policy under their pseudonyms; names and addresses stand in policy_people alone.
SELECT person_id, group_name, department, role, projects, time_zone, country, employment, start_date, notice_date, leaving_date, valid_from, valid_to
FROM policy_people
