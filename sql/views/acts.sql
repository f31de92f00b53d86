-- Every event with who that is, as of the event: person, group, peers, projects, time zone, and what kind of program acted.
-- A service or a system is no person at a keyboard, whatever its program: its class is `api` unless something says more.
-- An account stands once at a time in `identities`, so there are never more rows than events.
SELECT
  e.*,
  coalesce(i.person_id, m.person_id, pseudonym(coalesce(e.actor_email, e.actor_id))) AS person_id,
  coalesce(i.group_name, m.group_name, CASE WHEN e.actor_class = 'guest' THEN 'Guests' ELSE 'Unknown' END) AS group_name,
  coalesce(i.department, m.department, '') || '/' || coalesce(i.role, m.role, '') AS peer_group,
  coalesce(i.projects, m.projects) AS projects,
  coalesce(i.time_zone, m.time_zone, 'UTC') AS time_zone,
  coalesce(i.notice_date, m.notice_date) AS notice_date,
  coalesce(i.leaving_date, m.leaving_date) AS leaving_date,
  coalesce(a.class, u.class, e.client_class, CASE WHEN e.actor_class IN ('service', 'system') THEN 'api' END, 'interactive') AS class
FROM events AS e
LEFT JOIN identities AS i
  ON e.actor_id = i.identity AND e.event_time >= i.valid_from AND e.event_time < i.valid_to
LEFT JOIN identities AS m
  ON e.actor_email = m.identity AND e.event_time >= m.valid_from AND e.event_time < m.valid_to
LEFT JOIN policy_clients AS a
  ON a.kind = 'app_id' AND e.app_id = a.value AND e.event_time >= a.valid_from AND e.event_time < a.valid_to
LEFT JOIN policy_clients AS u
  ON u.kind = 'user_agent' AND e.user_agent = u.value AND e.event_time >= u.valid_from AND e.event_time < u.valid_to
