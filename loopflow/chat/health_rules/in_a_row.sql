-- No model answers more than five times in a row with 429.
SELECT
  model,
  max(CAST(attributes->>'consecutive_429s' AS INTEGER)) AS in_a_row,
  min(start_timestamp) AS since
FROM happened
WHERE counted = 1
  AND message = 'rate_limit'
  AND CAST(attributes->>'consecutive_429s' AS INTEGER) > 5
GROUP BY model
