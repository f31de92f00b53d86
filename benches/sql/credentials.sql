-- What the rollup of credentials costs: every finding of every message, by kind.
SELECT finding['kind'] AS kind, count(*) AS findings
FROM (SELECT unnest(credential_find(text)) AS finding FROM messages WHERE credential_match(text)) AS found
GROUP BY finding['kind']
