-- Each 429 has a capacity warning of its model in the hour before.
SELECT
  hit.model,
  count(*) AS unannounced,
  min(hit.start_timestamp) AS since
FROM happened AS hit
WHERE hit.counted = 1
  AND hit.message = 'rate_limit'
  AND NOT EXISTS (
    SELECT 1
    FROM happened AS warned
    WHERE warned.message = 'capacity_warning'
      AND warned.model = hit.model
      AND warned.seconds BETWEEN hit.seconds - 3600 AND hit.seconds
  )
GROUP BY hit.model
