-- No request with the workload CODING goes to another model than its route.
SELECT
  attributes->>'model' AS model,
  attributes->>'expected_model' AS expected,
  count(*) AS requests,
  min(start_timestamp) AS since
FROM happened
WHERE counted = 1
  AND message = 'workload_routing'
  AND attributes->>'workload' = 'CODING'
  AND attributes->>'model' <> attributes->>'expected_model'
GROUP BY attributes->>'model', attributes->>'expected_model'
