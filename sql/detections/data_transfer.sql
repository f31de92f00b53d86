-- title = "Downloaded files go to a device, an unapproved cloud or the outside"
-- severity = "high"
-- techniques = ["IT1021", "T1052.001", "T1567.002"]
-- interval = "1 day"
-- reads = "-8 days"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "Needs an endpoint's, a proxy's or a mail log. A phone's backup is not seen, of a mail only the first attachment."
-- [params]
-- match_days = 7
-- files_min = 2
-- out_medium_min = 1.0
-- out_high_min = 3.0
-- shared_medium_min = 3.0
-- shared_high_min = 10.0
-- share_medium_min = 10.0
-- share_high_min = 30.0
-- other_size_weight = 0.5
-- archive_files_min = 10
-- bulk_files_min = 20
-- burst_files_min = 10
-- public_links = "AnonymousLinkCreated|file_public_link_created|confluence_page_public_link_created|drive/change_document_visibility"
-- personal_mail = """gmail.com|googlemail.com|outlook.com|hotmail.com|live.com|msn.com|yahoo.com|ymail.com|icloud.com|me.com|mac.com|\
-- aol.com|proton.me|protonmail.com|pm.me|tutanota.com|fastmail.com|hey.com|zoho.com|mail.com|gmx.com|gmx.net|gmx.de|web.de|t-online.de|\
-- freenet.de|posteo.de|mailbox.org|orange.fr|free.fr|laposte.net|libero.it|qq.com|163.com|126.com|foxmail.com|naver.com|hanmail.net|\
-- daum.net|mail.ru|yandex.ru|yandex.com|rediffmail.com|uol.com.br|bol.com.br|seznam.cz|wp.pl|o2.pl|onet.pl"""
WITH moved AS (
  SELECT
    event_id, event_time, person_id, group_name, time_zone, action, vendor_action, outcome, class, channel_id, channel_external,
    file_id, lower(file_hash) AS file_hash, file_size, target, target_account,
    -- The same file has other names once it was copied: "copy of plan (1).docx".
    regexp_replace(
      regexp_replace(lower(file_name), '^(copy of |kopie von |copie de |copia de )+', ''),
      '( - copy| - kopie| - copie| - copia)?( ?\(\d+\))?(\.[a-z0-9]+)?$', '\3'
    ) AS name,
    CASE
      WHEN action = 'email_sent' THEN regexp_match(lower(array_to_string(recipients, ',')), '@(' || $personal_mail || ')(,|$)')[1]
      ELSE lower(target_domain)
    END AS domain
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '8 days' AND event_time < $interval_end + INTERVAL '1 day'
    AND time_origin IS NULL
    AND outcome IN ('success', 'blocked')
    AND action IN ('file_downloaded', 'file_synced', 'file_copied', 'removable_media_write', 'network_share_write', 'remote_session_copy',
                   'cloud_upload', 'email_sent', 'link_created', 'file_uploaded', 'file_shared')
),
ways AS (
  SELECT
    *,
    date_trunc('day', local_time(event_time, time_zone)) AS local_day,
    CASE action
      WHEN 'removable_media_write' THEN 'device'
      WHEN 'network_share_write' THEN 'share'
      WHEN 'remote_session_copy' THEN 'session'
      WHEN 'cloud_upload' THEN 'cloud'
      WHEN 'email_sent' THEN CASE WHEN domain IS NOT NULL AND name IS NOT NULL THEN 'mail' END
      WHEN 'link_created' THEN CASE WHEN array_has(string_to_array($public_links, '|'), vendor_action) THEN 'link' END
      WHEN 'file_uploaded' THEN CASE WHEN channel_external THEN 'outside' END
      WHEN 'file_shared' THEN CASE WHEN channel_external OR domain IS NOT NULL THEN 'outside' END
    END AS way
  FROM moved
  WHERE event_time >= $interval_start - INTERVAL '1 day'
),
-- Where to, without credentials and private addresses: of a share the root, of a mail the domain.
exits AS (
  SELECT
    *,
    CASE way
      WHEN 'mail' THEN 'mail to ' || domain
      WHEN 'link' THEN 'public link'
      WHEN 'outside' THEN coalesce(domain, channel_id, action)
      WHEN 'share' THEN CASE
        WHEN starts_with(target, '\\') THEN '\\' || split_part(target, '\', 3) || '\' || split_part(target, '\', 4)
        ELSE credential_redact(coalesce(target, action))
      END
      ELSE credential_redact(coalesce(domain, target, action))
    END AS destination
  FROM ways
  WHERE way IS NOT NULL AND local_day >= $interval_start AND local_day < $interval_end
),
-- What the policy says of a destination. An approved domain does not approve a private account there, nor a tenant that is refused by name.
verdicts AS (
  SELECT
    e.event_id,
    coalesce(bool_or(p.approved AND p.kind IN ('device', 'share', 'tenant')), false)
      OR (coalesce(bool_or(p.approved AND p.kind = 'domain'), false)
        AND (strpos(coalesce(max(e.target_account), ''), '@') = 0 OR coalesce(bool_or(p.approved AND p.kind = 'account'), false))
      ) AS approved,
    coalesce(bool_or(NOT p.approved), false) AS refused
  FROM exits AS e
  JOIN (
    SELECT kind, lower(value) AS value, approved, valid_from, valid_to
    FROM policy_destinations
    UNION ALL
    SELECT 'account' AS kind, lower(value) AS value, approved, valid_from, valid_to
    FROM policy_destinations
    WHERE kind = 'domain' AND approved
  ) AS p
    ON ((p.kind = 'domain' AND (e.domain = p.value OR ends_with(e.domain, '.' || p.value)))
      OR (p.kind = 'account' AND ends_with(lower(e.target_account), '@' || p.value))
      OR (p.kind = 'device' AND lower(e.target) = p.value)
      OR (p.kind = 'share' AND (lower(e.target) = p.value OR starts_with(lower(e.target), p.value || '\')))
      OR (p.kind = 'tenant' AND lower(e.target_account) = p.value))
    AND e.event_time >= p.valid_from AND e.event_time < p.valid_to
  GROUP BY e.event_id
),
transfers AS (
  SELECT e.*
  FROM exits AS e
  LEFT JOIN verdicts AS v ON e.event_id = v.event_id
  LEFT JOIN policy_approvals AS a
    ON e.person_id = a.person_id AND e.action = a.action AND e.event_time >= a.valid_from AND e.event_time < a.valid_to
  WHERE coalesce(v.refused OR NOT v.approved, true) AND a.person_id IS NULL
),
-- How rare a name is: everybody has a "logo.png". Days of a person are joined, not downloads: of a common name there are very many.
names AS (
  SELECT t.event_id, count(DISTINCT d.person_id) AS people
  FROM transfers AS t
  JOIN (
    SELECT name, person_id, min(event_time) AS first_event_time, max(event_time) AS last_event_time
    FROM moved
    WHERE action = 'file_downloaded' AND outcome = 'success'
    GROUP BY name, person_id, date_trunc('day', event_time)
  ) AS d
    ON t.name = d.name
    AND d.first_event_time <= t.event_time
    AND d.last_event_time >= t.event_time - arrow_cast($match_days * 86400, 'Duration(Second)')
  GROUP BY t.event_id
),
taken AS (
  SELECT person_id, event_id, event_time, class, file_id, file_hash, file_size, name
  FROM moved
  WHERE action IN ('file_downloaded', 'file_synced', 'file_copied') AND outcome = 'success'
),
-- By id, hash or name: a row for each, so that the two sides meet by one key. (A join by "one of these" looks at every pair of a person's.)
matches AS (
  SELECT
    t.event_id,
    d.event_id AS download_id,
    d.event_time AS download_time,
    CASE
      WHEN NOT starts_with(t.key, 'name ') THEN 1.0
      ELSE CASE WHEN t.file_size <> d.file_size THEN $other_size_weight ELSE 1.0 END / sqrt(greatest(coalesce(n.people, 1), 1))
    END AS weight
  FROM (
    SELECT event_id, event_time, person_id, file_size, unnest(make_array('id ' || file_id, 'hash ' || file_hash, 'name ' || name)) AS key
    FROM transfers
  ) AS t
  JOIN (
    SELECT event_id, event_time, person_id, file_size, unnest(make_array('id ' || file_id, 'hash ' || file_hash, 'name ' || name)) AS key
    FROM taken
  ) AS d
    ON t.person_id = d.person_id
    AND t.key = d.key
    AND d.event_time <= t.event_time AND d.event_time >= t.event_time - arrow_cast($match_days * 86400, 'Duration(Second)')
  LEFT JOIN names AS n ON t.event_id = n.event_id
),
matched AS (
  SELECT event_id, max(weight) AS weight, min(download_time) AS download_time, array_agg(DISTINCT download_id) AS download_ids
  FROM matches
  GROUP BY event_id
),
-- One file written nine times is one file.
files AS (
  SELECT
    t.person_id, t.local_day, t.way, t.destination,
    coalesce(t.name, t.file_id, t.event_id) AS file,
    max(t.group_name) AS group_name,
    bool_and(t.outcome = 'blocked') AS blocked,
    max(m.weight) AS weight,
    coalesce(max(m.weight), 0) = 0 AND coalesce(regexp_like(max(t.name), '\.(zip|7z|rar|tar|gz|tgz|bz2|xz|iso)$'), false) AS is_archive,
    min(t.event_time) AS first_event_time,
    max(t.event_time) AS last_event_time,
    min(m.download_time) AS download_time,
    array_concat(
      array_agg(DISTINCT t.event_id), coalesce(flatten(array_agg(m.download_ids) FILTER (WHERE m.download_ids IS NOT NULL)), [])
    ) AS event_ids
  FROM transfers AS t
  LEFT JOIN matched AS m ON t.event_id = m.event_id
  GROUP BY t.person_id, t.local_day, t.way, t.destination, coalesce(t.name, t.file_id, t.event_id)
),
-- What the person downloaded by hand in the day before: what an archive may hold, and what an unmatched burst may be. The UTC days that
-- this can lie in are a key, so that nobody's whole history is looked through.
before AS (
  SELECT f.person_id, f.local_day, f.way, f.destination, count(DISTINCT coalesce(d.file_id, d.name, d.event_id)) AS downloads
  FROM (
    SELECT
      person_id, local_day, way, destination, first_event_time, last_event_time,
      unnest(make_array(
        date_trunc('day', first_event_time) - INTERVAL '1 day', date_trunc('day', first_event_time),
        date_trunc('day', first_event_time) + INTERVAL '1 day'
      )) AS day
    FROM (
      SELECT person_id, local_day, way, destination, min(first_event_time) AS first_event_time, max(last_event_time) AS last_event_time
      FROM files
      GROUP BY person_id, local_day, way, destination
    ) AS ways_of_a_day
  ) AS f
  JOIN taken AS d
    ON f.person_id = d.person_id
    AND f.day = date_trunc('day', d.event_time)
    AND d.event_time <= f.last_event_time AND d.event_time >= f.first_event_time - INTERVAL '1 day'
  WHERE d.class = 'interactive'
  GROUP BY f.person_id, f.local_day, f.way, f.destination
),
sums AS (
  SELECT
    f.person_id, f.local_day, f.way, f.destination,
    max(f.group_name) AS group_name,
    count(*) AS files,
    count(*) FILTER (WHERE f.blocked) AS blocked,
    count(*) FILTER (WHERE f.weight > 0) AS matched,
    count(*) FILTER (WHERE f.is_archive) AS archives,
    coalesce(max(b.downloads), 0) AS downloads,
    coalesce(sum(f.weight), 0) AS weight,
    coalesce(min(f.download_time), min(f.first_event_time)) AS first_event_time,
    max(f.last_event_time) AS last_event_time,
    flatten(array_agg(f.event_ids)) AS evidence_ids
  FROM files AS f
  LEFT JOIN before AS b
    ON f.person_id = b.person_id AND f.local_day = b.local_day AND f.way = b.way AND f.destination = b.destination
  GROUP BY f.person_id, f.local_day, f.way, f.destination
),
weighed AS (
  SELECT
    *,
    -- An archive that was never downloaded was made: it weighs what may be in it.
    weight + CASE
      WHEN archives = 0 OR downloads < $archive_files_min THEN 0.0
      WHEN downloads < $bulk_files_min THEN $out_medium_min
      ELSE $out_high_min
    END AS score,
    -- Public links and channels with guests are daily work, internal shares even more.
    CASE WHEN way = 'share' THEN $share_medium_min WHEN way IN ('link', 'outside') THEN $shared_medium_min ELSE $out_medium_min END
      AS medium_min,
    CASE WHEN way = 'share' THEN $share_high_min WHEN way IN ('link', 'outside') THEN $shared_high_min ELSE $out_high_min END AS high_min,
    way IN ('device', 'cloud', 'session') AND files - matched >= $burst_files_min AND downloads >= $bulk_files_min AS is_burst
  FROM sums
)
SELECT
  local_day AS interval_time,
  coalesce(person_id, 'nobody') AS entity_id,
  destination AS alert_key,
  group_name,
  CASE WHEN score >= high_min AND blocked < files THEN 'high' ELSE 'medium' END AS severity,
  first_event_time,
  last_event_time,
  CAST(files AS DOUBLE) AS observed,
  score,
  CAST(files AS VARCHAR) || CASE files WHEN 1 THEN ' file' ELSE ' files' END
    || CASE
         WHEN blocked = files AND files = 1 THEN ' was stopped on the way to '
         WHEN blocked = files THEN ' were stopped on the way to '
         ELSE ' went to '
       END
    || CASE way
         WHEN 'device' THEN 'a removable device (' || destination || ')'
         WHEN 'share' THEN 'a network share (' || destination || ')'
         WHEN 'session' THEN 'a remote session (' || destination || ')'
         WHEN 'cloud' THEN 'a cloud that is not approved (' || destination || ')'
         WHEN 'mail' THEN 'private mail (' || replace(destination, 'mail to ', '') || ')'
         WHEN 'link' THEN 'anybody with a public link'
         ELSE 'people outside (' || destination || ')'
       END
    || ' on ' || to_char(local_day, '%A')
    || CASE WHEN blocked BETWEEN 1 AND files - 1 THEN ', ' || CAST(blocked AS VARCHAR) || ' of them stopped' ELSE '' END
    || CASE WHEN matched > 0 THEN '; ' || CAST(matched AS VARCHAR) || ' downloaded from chat or shared files before' ELSE '' END
    || CASE WHEN archives > 0 OR is_burst THEN '; ' || CAST(downloads AS VARCHAR) || ' files downloaded in the day before' ELSE '' END
    || CASE WHEN archives > 0 THEN ' may be in the archive' ELSE '' END AS summary,
  evidence_ids
FROM weighed
WHERE (score >= medium_min AND (matched >= $files_min OR archives > 0)) OR is_burst
