-- Three capacity warnings of a model in ten minutes are followed by a failover from it, within ten more.
SELECT
  third.model,
  count(*) AS unanswered,
  min(third.start_timestamp) AS since
FROM (
  SELECT
    model,
    seconds,
    start_timestamp,
    counted,
    lag(seconds, 2) OVER (PARTITION BY model ORDER BY seconds) AS began
  FROM happened
  WHERE message = 'capacity_warning'
) AS third
WHERE third.counted = 1
  AND third.seconds - third.began <= 600
  AND NOT EXISTS (
    SELECT 1
    FROM happened AS failover
    WHERE failover.message = 'failover'
      AND failover.attributes->>'from_model' = third.model
      AND failover.seconds BETWEEN third.began AND third.seconds + 600
  )
GROUP BY third.model
