-- title = "What an app, bot, workflow or token read on a day, and whether it was granted anything"
-- interval = "1 day"
SELECT
  date_trunc('day', event_time) AS interval_time,
  source,
  app,
  CASE WHEN app IS NULL THEN actor_id END AS actor_id,
  CASE WHEN app IS NULL THEN actor_email END AS actor_email,
  max(app_name) AS app_name,
  count(*) FILTER (WHERE granted) AS grants,
  count(*) FILTER (WHERE NOT granted) AS events,
  count(*) FILTER (WHERE reads) AS readings,
  count(*) FILTER (WHERE searches) AS searches,
  distinct_count(CASE WHEN searches AND cardinality(credential_term(search_query)) > 0 THEN lower(trim(search_query)) END) AS credential_searches,
  distinct_count(CASE WHEN reads THEN channel_id END) AS channels,
  distinct_count(CASE WHEN reads THEN coalesce(actor_id, actor_email) END) AS people,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time
FROM (
  SELECT
    *,
    -- Microsoft names the app that grants in app_id, and the one that is granted something as the target.
    CASE WHEN granted AND (source = 'm365_audit' OR app_id IS NULL) THEN credential_redact(target) ELSE app_id END AS app
  FROM (
    SELECT
      source, event_time, actor_id, actor_email, app_id, target, channel_id, search_query,
      CASE
        WHEN action IN ('app_installed', 'app_scopes_changed') AND source = 'm365_audit' THEN credential_redact(target)
        WHEN action = 'app_installed' THEN coalesce(app_name, credential_redact(target))
        ELSE app_name
      END AS app_name,
      action IN ('app_installed', 'app_scopes_changed') AS granted,
      action IN ('search', 'content_search') AS searches,
      action IN ('file_downloaded', 'file_viewed', 'file_copied', 'mail_read', 'channel_previewed', 'search', 'content_search', 'export') AS reads
    FROM acts
    WHERE event_time >= $interval_start AND event_time < $interval_end
      AND time_origin IS NULL
      AND outcome = 'success'
      -- A sync client reads for the person whose it is: bulk_download has a ceiling for it.
      AND (action IN ('app_installed', 'app_scopes_changed')
        OR class IN ('api', 'ai', 'backup')
        OR (actor_class IN ('service', 'system') AND class <> 'sync'))
      AND coalesce(app_id, actor_id, actor_email, target) IS NOT NULL
  ) AS told
) AS named
GROUP BY date_trunc('day', event_time), source, app, CASE WHEN app IS NULL THEN actor_id END, CASE WHEN app IS NULL THEN actor_email END
