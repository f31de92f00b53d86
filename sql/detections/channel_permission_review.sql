-- title = "Review of sensitive channels: guests, outsiders, public links, members who do nothing there"
-- severity = "low"
-- techniques = ["IT1021", "T1213.005"]
-- interval = "1 day"
-- reads = "-400 days"
-- entity = "channel_id"
-- deliver = false
-- known_gaps = "Who joined more than 400 days ago and stands in no list since is not known to be a member. No platform logs that somebody only reads: a member without an act may read every day."
-- [params]
-- weekday = 1
-- quiet_days = 90
WITH days AS (
  -- One day a week, 1 is Monday: what it shows hardly changes from day to day.
  SELECT interval_start AS day
  FROM source_days
  WHERE interval_start >= $interval_start AND interval_start < $interval_end AND date_part('dow', interval_start) = $weekday
  GROUP BY interval_start
),
channels AS (
  SELECT d.day, p.channel_id, p.site_address, p.channel_name, p.groups, p.projects
  FROM days AS d
  JOIN policy_channels AS p ON d.day >= p.valid_from AND d.day < p.valid_to
  WHERE p.sensitivity = 'high'
),
-- Logs say a channel's id or, of a site, its address.
places AS (
  SELECT day, channel_id, channel_id AS place FROM channels
  UNION
  SELECT day, channel_id, site_address FROM channels WHERE site_address IS NOT NULL
),
guests AS (
  SELECT DISTINCT actor_id FROM snapshots WHERE kind = 'user' AND role = 'guest' AND snapshot_time < $interval_end
),
-- A member is whose last word is not that they left.
members AS (
  SELECT
    c.day, c.channel_id, m.actor_id,
    min(m.change_time) AS since,
    last_value(m.change ORDER BY m.change_time, m.change) AS last_change,
    bool_or(m.role ILIKE '%guest%') AS guest
  FROM places AS c
  JOIN channel_members AS m ON c.place = m.channel_id AND m.interval_start <= c.day
  WHERE m.interval_start >= $interval_start - INTERVAL '400 days' AND m.interval_start < $interval_end
  GROUP BY c.day, c.channel_id, m.actor_id
),
-- What each person did there within the quiet days, under whatever account.
active AS (
  SELECT
    c.day, c.channel_id, v.person_id,
    bool_or(v.guest) AS guest
  FROM places AS c
  JOIN visits_by_person AS v
    ON c.place = v.channel_id AND v.interval_start <= c.day
    AND v.interval_start > c.day - arrow_cast($quiet_days * 86400, 'Duration(Second)')
  WHERE v.interval_start >= $interval_start - INTERVAL '100 days' AND v.interval_start < $interval_end
  GROUP BY c.day, c.channel_id, v.person_id
),
people AS (
  SELECT
    c.day, c.channel_id, coalesce(i.person_id, pseudonym(m.actor_id)) AS person_id,
    bool_or(coalesce(m.guest, false) OR g.actor_id IS NOT NULL OR coalesce(a.guest, false)) AS guest,
    bool_or(i.person_id IS NOT NULL) AS known,
    bool_or(coalesce(array_has(c.groups, i.group_name), false) OR coalesce(array_has_any(c.projects, i.projects), false)) AS in_scope,
    -- Who came lately had no time to do anything, and what was before the first list nobody knows.
    bool_or(a.person_id IS NULL) AND min(m.since) <= c.day - arrow_cast($quiet_days * 86400, 'Duration(Second)') AS quiet
  FROM members AS m
  JOIN channels AS c ON m.day = c.day AND m.channel_id = c.channel_id
  LEFT JOIN identities AS i ON m.actor_id = i.identity AND m.day >= i.valid_from AND m.day < i.valid_to
  LEFT JOIN guests AS g ON m.actor_id = g.actor_id
  LEFT JOIN active AS a ON m.day = a.day AND m.channel_id = a.channel_id AND coalesce(i.person_id, pseudonym(m.actor_id)) = a.person_id
  WHERE m.last_change <> 'left'
  GROUP BY c.day, c.channel_id, coalesce(i.person_id, pseudonym(m.actor_id))
),
membership AS (
  SELECT
    day, channel_id,
    count(*) AS members,
    count(*) FILTER (WHERE guest) AS guests,
    count(*) FILTER (WHERE NOT guest AND NOT known) AS strangers,
    count(*) FILTER (WHERE NOT guest AND known AND NOT in_scope) AS out_of_scope,
    count(*) FILTER (WHERE quiet) AS quiet
  FROM people
  GROUP BY day, channel_id
),
outward AS (
  SELECT
    c.day, c.channel_id,
    coalesce(sum(o.files) FILTER (WHERE o.way = 'share'), 0) AS shares,
    coalesce(sum(o.files) FILTER (WHERE o.way = 'public_link'), 0) AS public_links,
    min(o.first_event_time) AS first_event_time,
    max(o.last_event_time) AS last_event_time
  FROM places AS c
  JOIN outflows AS o
    ON c.place = o.channel_id AND o.interval_start <= c.day
    AND o.interval_start > c.day - arrow_cast($quiet_days * 86400, 'Duration(Second)')
  WHERE o.interval_start >= $interval_start - INTERVAL '100 days' AND o.interval_start < $interval_end
  GROUP BY c.day, c.channel_id
),
-- Whether people of another organisation are in it, as the platform said last.
external AS (
  SELECT c.day, c.channel_id, last_value(s.channel_external ORDER BY s.snapshot_time) AS external
  FROM places AS c
  JOIN snapshots AS s ON c.place = s.channel_id AND s.snapshot_time < c.day + INTERVAL '1 day'
  WHERE s.kind = 'channel' AND s.channel_external IS NOT NULL AND s.snapshot_time < $interval_end
  GROUP BY c.day, c.channel_id
),
reviewed AS (
  SELECT
    c.day, c.channel_id, c.channel_name,
    coalesce(m.members, 0) AS members, coalesce(m.guests, 0) AS guests,
    -- A list of people that is empty explains nobody.
    CASE WHEN l.accounts > 0 THEN coalesce(m.strangers, 0) ELSE 0 END AS strangers,
    -- Without a scope nobody is out of it.
    CASE WHEN cardinality(c.groups) > 0 OR cardinality(c.projects) > 0 THEN coalesce(m.out_of_scope, 0) ELSE 0 END AS out_of_scope,
    coalesce(m.quiet, 0) AS quiet, coalesce(o.shares, 0) AS shares, coalesce(o.public_links, 0) AS public_links,
    coalesce(e.external, false) AS external, o.first_event_time, o.last_event_time
  FROM channels AS c
  CROSS JOIN (SELECT count(*) AS accounts FROM identities) AS l
  LEFT JOIN membership AS m ON c.day = m.day AND c.channel_id = m.channel_id
  LEFT JOIN outward AS o ON c.day = o.day AND c.channel_id = o.channel_id
  LEFT JOIN external AS e ON c.day = e.day AND c.channel_id = e.channel_id
)
SELECT
  day AS interval_time,
  channel_id AS entity_id,
  CASE WHEN guests + strangers + out_of_scope + shares + public_links > 0 OR external THEN 'low' ELSE 'informational' END AS severity,
  first_event_time,
  last_event_time,
  CAST(guests + strangers + out_of_scope + quiet + shares + public_links + CASE WHEN external THEN 1 ELSE 0 END AS DOUBLE) AS observed,
  '#' || coalesce(channel_name, channel_id) || ', ' || CAST(members AS VARCHAR) || CASE members WHEN 1 THEN ' member: ' ELSE ' members: ' END
    || array_to_string(make_array(
      CASE WHEN external THEN 'open to another organisation' END,
      CASE WHEN guests > 0 THEN CAST(guests AS VARCHAR) || CASE guests WHEN 1 THEN ' guest' ELSE ' guests' END END,
      CASE WHEN strangers > 0 THEN CAST(strangers AS VARCHAR) || CASE strangers WHEN 1 THEN ' account' ELSE ' accounts' END || ' of nobody known' END,
      CASE WHEN out_of_scope > 0 THEN CAST(out_of_scope AS VARCHAR) || ' out of its scope' END,
      CASE WHEN quiet > 0 THEN CAST(quiet AS VARCHAR) || ' without a recorded act for ' || CAST($quiet_days AS VARCHAR) || ' days' END,
      CASE WHEN shares > 0 THEN CAST(shares AS VARCHAR) || CASE shares WHEN 1 THEN ' file' ELSE ' files' END || ' shared outside' END,
      CASE WHEN public_links > 0 THEN CAST(public_links AS VARCHAR) || ' public' || CASE public_links WHEN 1 THEN ' link' ELSE ' links' END END
    ), '; ') AS summary
FROM reviewed
WHERE guests + strangers + out_of_scope + quiet + shares + public_links > 0 OR external
